package embedded

import (
	"errors"
	"log/slog"
)

// A Config says where a cluster lives and how it is kept.
type Config struct {
	// Dir is the cluster's data folder, made when missing. Nobody else writes in
	// it, and the caller holds a lock that keeps a second program off it.
	Dir string

	// Durable keeps what is committed through a crash of the machine, as
	// production must. Without it the server is faster and still survives being
	// killed, but not a power cut: for tests.
	Durable bool

	// Bin is the folder of the server's binaries; empty for the newest installed
	// version, or the one that made Dir.
	Bin string

	// Logger takes what the server has to say; nil discards it.
	Logger *slog.Logger
}

// What may keep a server from running.
var (
	ErrNotInstalled = errors.New("no Postgres server of version 13 to 18 is installed（未安装 PostgreSQL 13–18 服务器程序）")
	ErrVersion      = errors.New("the data folder was made by another major version of Postgres（数据目录由 PostgreSQL 的另一主版本建立）")
	ErrRunning      = errors.New("a server is already running on the data folder（数据目录上已有服务器在运行）")
	ErrForeign      = errors.New("the folder holds something other than a Postgres cluster（目录中存放的不是 PostgreSQL 数据）")
	ErrClosed       = errors.New("the server's user may not reach the data folder（服务器用户无权进入数据目录）")
	ErrDied         = errors.New("the Postgres server ended by itself（PostgreSQL 服务器意外退出）")
	ErrUnsupported  = errors.New("a private Postgres runs on Linux and macOS only; pass --postgres URL（仅 Linux 与 macOS 可自带 PostgreSQL，请改用 --postgres URL）")
)
