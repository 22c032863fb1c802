package embedded

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The major versions whose settings, initdb options and URLs this package knows.
const oldest, newest = 13, 18

// Where packagers put the server's binaries: Debian, SUSE, the source distribution,
// PGDG's RPMs, Alpine, Homebrew on both processors, Postgres.app. Fedora and Arch put
// them on the path. The script .ci/postgres looks in the same places.
var places = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/lib/postgresql*/bin",
	"/usr/local/pgsql/bin",
	"/usr/pgsql-*/bin",
	"/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

const install = "install one（请安装）: apt-get install postgresql · dnf install postgresql-server · apk add postgresql17 · brew install postgresql@17"

// An installation is a folder of server binaries.
type installation struct {
	bin          string
	version      string // as "15.14"
	major, minor int
}

// Find returns the folder of the newest installed server binaries of a supported
// version, from $PATH and the places where packagers put them, and their version
// as "15.14". The error wraps [ErrNotInstalled] and says how to install them.
func Find() (bin string, version string, err error) {
	found := installed("/", os.Getenv("PATH"))
	if len(found) == 0 {
		return "", "", fmt.Errorf("%w; %s", ErrNotInstalled, install)
	}
	return found[0].bin, found[0].version, nil
}

// installed returns what there is on a path and in the places below root, newest
// first.
func installed(root, path string) []installation {
	folders := filepath.SplitList(path)
	for _, p := range places {
		matches, _ := filepath.Glob(filepath.Join(root, p)) // the patterns are constants and well-formed
		folders = append(folders, matches...)
	}
	var found []installation
	for _, f := range folders {
		if i, err := inspect(f); err == nil {
			found = append(found, i)
		}
	}
	slices.SortStableFunc(found, func(a, b installation) int {
		return cmp.Or(cmp.Compare(b.major, a.major), cmp.Compare(b.minor, a.minor))
	})
	return found
}

var versionText = regexp.MustCompile(`\(PostgreSQL\) ((\d+)\D*(\d*)\S*)`)

// inspect asks the binaries in folder for their version. Client programs alone
// are not enough: initdb and postgres must be there.
func inspect(folder string) (installation, error) {
	if !filepath.IsAbs(folder) {
		return installation{}, fmt.Errorf("%w: %q is not an absolute path", ErrNotInstalled, folder)
	}
	for _, program := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(folder, program)); err != nil {
			return installation{}, fmt.Errorf("%w in %s: %w", ErrNotInstalled, folder, err)
		}
	}
	out, err := exec.Command(filepath.Join(folder, "postgres"), "--version").Output()
	if err != nil {
		return installation{}, fmt.Errorf("%w in %s: ask for its version: %w", ErrNotInstalled, folder, err)
	}
	m := versionText.FindSubmatch(out)
	if m == nil {
		return installation{}, fmt.Errorf("%w in %s: version %q", ErrNotInstalled, folder, strings.TrimSpace(string(out)))
	}
	i := installation{bin: folder, version: string(m[1])}
	i.major, _ = strconv.Atoi(string(m[2])) // digits by the pattern
	i.minor, _ = strconv.Atoi(string(m[3])) // none in a beta: 0
	if i.major < oldest || i.major > newest {
		return installation{}, fmt.Errorf("%w in %s: version %s", ErrNotInstalled, folder, i.version)
	}
	return i, nil
}

// choose returns the binaries to run the cluster in dir with: those in bin if
// it is given, else the version that made the cluster, else the newest.
func choose(bin, dir string) (installation, error) {
	var found []installation
	if bin != "" {
		i, err := inspect(bin)
		if err != nil {
			return installation{}, fmt.Errorf("%w; %s", err, install)
		}
		found = []installation{i}
	} else if found = installed("/", os.Getenv("PATH")); len(found) == 0 {
		return installation{}, fmt.Errorf("%w; %s", ErrNotInstalled, install)
	}
	made, err := madeBy(dir)
	if err != nil {
		return installation{}, err
	}
	if made == "" {
		return found[0], nil
	}
	for _, i := range found {
		if strconv.Itoa(i.major) == made {
			return i, nil
		}
	}
	return installation{}, fmt.Errorf("%w: %s is of version %s, installed is %s. Either install Postgres %s; "+
		"or convert the folder with pg_upgrade; or, if it holds nothing but read models, move it away and have them "+
		"rebuilt from the log. A vault of keys in it cannot be rebuilt"+
		"（请安装 PostgreSQL %s，或用 pg_upgrade 升级该目录；目录中若只有读模型，可移走后由日志重建。密钥库无法重建，切勿删除）",
		ErrVersion, dir, made, found[0].version, made, made)
}

// madeBy returns the major version of the cluster in dir, or "" when dir is
// missing or empty.
func madeBy(dir string) (string, error) {
	b, err := os.ReadFile(filepath.Join(dir, "PG_VERSION"))
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	if !os.IsNotExist(err) {
		return "", fmt.Errorf("read the version of the cluster: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return "", fmt.Errorf("look into the data folder: %w", err)
	}
	if len(entries) > 0 {
		return "", fmt.Errorf("%w: %s has no PG_VERSION but has %s", ErrForeign, dir, entries[0].Name())
	}
	return "", nil
}
