package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"zhucan/events/natslog"
	"zhucan/schema/schematest"
)

// paper writes a synthetic document and returns its path and hash.
func paper(t *testing.T, n int) (path, hash string) {
	t.Helper()
	text := "%PDF-1.4 synthetic " + strings.Repeat(fmt.Sprint(n, " "), 60_000)
	return write(t, "张三 220102190001010016.pdf", text), fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
}

// claimed is a folder with a claim D-1 whose form has the hash of a paper.
func claimed(t *testing.T, flags ...string) (dir, form string) {
	t.Helper()
	dir = filepath.Join(schematest.Dir(t), "data")
	form, hash := paper(t, 1)
	must(t, dir, append(flags, "import", "policy", "../../schema/policy/sample")...)
	row := "D-1,startup,220104,2024-01,2024-12,1,application-form:" + hash + " business-licence:" + someHash + ",2024-03-01,person,样甲,220102190001010016,,,6217992200000000000,\n"
	must(t, dir, append(flags, "import", "applications", write(t, "a.csv", sampleHeader+row))...)
	must(t, dir, append(flags, "access", "add", "reviewer-1", "--role", "reviewer")...)
	must(t, dir, append(flags, "access", "add", "cashier-1", "--role", "cashier")...)
	return dir, form
}

type keptPaper struct {
	Seq     uint64
	Repeats bool
	Hash    string
	Size    int
	Sealed  bool
}

func documentsCheck(t *testing.T, dir string, flags ...string) string {
	t.Helper()
	_, stdout, stderr := zhucan(t, dir, append(flags, "verify", "log", "-o", "json")...)
	for _, c := range answer[verdict](t, stdout).Checks {
		if c.Name == "documents" {
			return c.Verdict + " " + c.Detail
		}
	}
	t.Fatalf("verify does not look at documents: %s%s", stdout, stderr)
	return ""
}

func TestADocumentIsKeptHandedOutAndGoneWithThePerson(t *testing.T) {
	t.Parallel()
	dir, form := claimed(t)
	first := answer[keptPaper](t, must(t, dir, "claim", "attach", "D-1", "application-form", form, "-o", "json"))
	if first.Repeats || first.Seq == 0 || !first.Sealed {
		t.Fatalf("%+v", first)
	}
	if again := answer[keptPaper](t, must(t, dir, "claim", "attach", "D-1", "application-form", form, "-o", "json")); !again.Repeats || again.Seq != first.Seq {
		t.Errorf("%+v", again)
	}
	want, err := os.ReadFile(form)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.pdf")
	must(t, dir, "claim", "document", "D-1", "application-form", "--out", out, "--as", "reviewer-1")
	if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if got := must(t, dir, "claim", "document", "D-1", "application-form"); got != string(want) {
		t.Errorf("%d bytes of %d on standard output", len(got), len(want))
	}
	refuse := func(code string, args ...string) {
		t.Helper()
		exit, stdout, stderr := zhucan(t, dir, args...)
		if exit != 2 || stdout != "" || !strings.Contains(stderr, "["+code+"]") {
			t.Errorf("%v: exit %d %s%s", args, exit, stdout, stderr)
		}
		if strings.Contains(stderr, "220102190001010016") && code != "usage" {
			t.Errorf("%v: the name of the file is told: %s", args, stderr)
		}
	}
	other, _ := paper(t, 2)
	big := write(t, "big", strings.Repeat("x", 1<<20+1))
	refuse("role-missing", "claim", "document", "D-1", "application-form", "--as", "cashier-1")
	refuse("role-missing", "claim", "attach", "D-1", "photo", form, "--as", "reviewer-1")
	refuse("not-found", "claim", "document", "D-1", "business-licence")
	refuse("document-differs", "claim", "attach", "D-1", "business-licence", other)
	refuse("document-size", "claim", "attach", "D-1", "photo", big, "--max-document", "1")
	refuse("document-size", "claim", "attach", "D-1", "photo", write(t, "empty", ""))
	refuse("claim-unknown", "claim", "attach", "D-9", "photo", form)
	refuse("usage", "claim", "attach", "D-1", "photo", form+".none")
	refuse("usage", "status", "--max-document", "65")
	if got := documentsCheck(t, dir); !strings.HasPrefix(got, "VERIFIED all 1 ") {
		t.Error(got)
	}
	for _, name := range []string{"张三", "220102190001010016.pdf"} {
		if got := must(t, dir, "trace", "D-1", "-o", "json") + must(t, dir, "event", "show", fmt.Sprint(first.Seq), "-o", "json"); strings.Contains(got, name) {
			t.Errorf("the name of the file is on record: %s", name)
		}
	}

	before := answer[verdict](t, must(t, dir, "verify", "-o", "json"))
	who := answer[struct {
		Parties []struct{ Party, Kind string }
	}](t, must(t, dir, "party", "list", "-o", "json")).Parties[0].Party
	must(t, dir, "claim", "withdraw", "D-1", "--reason", "本人撤回")
	must(t, dir, "party", "erase", who, "--basis", "个人信息保护法第四十七条")
	refuse("party-erased", "claim", "document", "D-1", "application-form", "--as", "reviewer-1")
	after := answer[verdict](t, must(t, dir, "verify", "-o", "json"))
	if after.Verdict != "VERIFIED" || after.Events != before.Events+2 {
		t.Errorf("%+v", after)
	}
	// The document stands nowhere in the folder.
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, want[:200]) {
			t.Errorf("the document is readable in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// Between store and log: what is stored and not on record is listed, harms nothing, and
// is swept once it is old.
func TestKilledBetweenStoreAndRecordADocumentIsNobodys(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"document-stored:1", "append:1", "appended:1"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			dir, form := claimed(t)
			killed, out := child(t, step, dir, "claim", "attach", "D-1", "application-form", form, "--id", "attach-1", "-o", "json")
			if err := killed.Wait(); err == nil || killed.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
				t.Fatalf("it was not killed at %s: %v %s", step, err, out)
			}
			if got := documentsCheck(t, dir); !strings.HasPrefix(got, "VERIFIED") {
				t.Error(got)
			}
			again := answer[keptPaper](t, must(t, dir, "claim", "attach", "D-1", "application-form", form, "--id", "attach-1", "-o", "json"))
			if again.Seq == 0 {
				t.Errorf("%+v", again)
			}
			if got := must(t, dir, "claim", "document", "D-1", "application-form", "-o", "json"); !strings.HasPrefix(got, "%PDF") {
				t.Errorf("%.40s", got)
			}
			if got := documentsCheck(t, dir); !strings.HasPrefix(got, "VERIFIED all 1 ") {
				t.Error(got)
			}
			_, doctor, _ := zhucan(t, dir, "doctor", "--sweep", "-o", "json") // young: nothing is swept
			if !strings.Contains(doctor, "1 kept") {
				t.Error(doctor)
			}
			if got := documentsCheck(t, dir); !strings.HasPrefix(got, "VERIFIED all 1 ") {
				t.Error(got)
			}
		})
	}
}

func TestThroughTheServerThatRunsAndOnServersOfTheUsersOwn(t *testing.T) {
	t.Parallel()
	t.Run("served", func(t *testing.T) {
		t.Parallel()
		dir, form := claimed(t)
		serve(t, dir)
		if got := answer[keptPaper](t, must(t, dir, "claim", "attach", "D-1", "application-form", form, "-o", "json")); got.Seq == 0 {
			t.Errorf("%+v", got)
		}
		if got := must(t, dir, "claim", "document", "D-1", "application-form"); !strings.HasPrefix(got, "%PDF") {
			t.Errorf("%.40s", got)
		}
		if got := documentsCheck(t, dir); !strings.HasPrefix(got, "VERIFIED all 1 ") {
			t.Error(got)
		}
	})
	t.Run("own servers", func(t *testing.T) {
		t.Parallel()
		server, err := natslog.StartServer(t.Context(), natslog.ServerConfig{Dir: t.TempDir(), Listen: "127.0.0.1:-1", Token: "synthetic-token"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(server.Shutdown)
		own := []string{"--nats", strings.Replace(server.ClientURL(), "nats://", "nats://synthetic-token@", 1)}
		dir, form := claimed(t, own...)
		must(t, dir, append(own, "claim", "attach", "D-1", "application-form", form)...)
		if got := must(t, dir, append(own, "claim", "document", "D-1", "application-form")...); !strings.HasPrefix(got, "%PDF") {
			t.Errorf("%.40s", got)
		}
		if got := documentsCheck(t, dir, own...); !strings.HasPrefix(got, "VERIFIED all 1 ") {
			t.Error(got)
		}
	})
}

// The second copy has the events and not the documents.
func TestALogThatComesBackWithoutItsDocumentsFailsUntilTheyAreRestored(t *testing.T) {
	t.Parallel()
	dir, form := claimed(t)
	must(t, dir, "claim", "attach", "D-1", "application-form", form)
	must(t, dir, "verify") // which archives it
	backup := filepath.Join(t.TempDir(), "nats")
	if err := os.Rename(filepath.Join(dir, "nats"), backup); err != nil {
		t.Fatal(err)
	}
	must(t, dir, "event", "restore")
	if got := documentsCheck(t, dir); !strings.HasPrefix(got, "FAILED") || !strings.Contains(got, "application-form of claim D-1") {
		t.Error(got)
	}
	if code, _, stderr := zhucan(t, dir, "claim", "document", "D-1", "application-form"); code != 2 || !strings.Contains(stderr, "document-damaged") {
		t.Errorf("exit %d %s", code, stderr)
	}
	if _, doctor, _ := zhucan(t, dir, "doctor", "-o", "json"); !strings.Contains(doctor, "1 of 1 are missing") {
		t.Error(doctor)
	}
	// The stream's folder is put back as a whole.
	const stream = "jetstream/$G/streams/OBJ_DOCUMENTS_220000"
	if err := os.RemoveAll(filepath.Join(dir, "nats", stream)); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "nats", stream), os.DirFS(filepath.Join(backup, stream))); err != nil {
		t.Fatal(err)
	}
	if got := documentsCheck(t, dir); !strings.HasPrefix(got, "VERIFIED all 1 ") {
		t.Error(got)
	}
}

// Where the scheme asks for the documents themselves, they may follow the claim and are
// all there before it is approved.
func TestAClaimIsApprovedOnceItsDocumentsAreKept(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(schematest.Dir(t), "data")
	pack := t.TempDir()
	if err := os.CopyFS(pack, os.DirFS("../../schema/policy/sample")); err != nil {
		t.Fatal(err)
	}
	schemes, err := os.ReadFile(filepath.Join(pack, "schemes.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	keeping := strings.Replace(string(schemes), "    flow: F05\n", "    flow: F05\n    kept: true\n", 1)
	if err := os.WriteFile(filepath.Join(pack, "schemes.yaml"), []byte(keeping), 0o600); err != nil || keeping == string(schemes) {
		t.Fatal(err)
	}
	must(t, dir, "import", "policy", pack)
	must(t, dir, "import", "budget", "../../schema/sample/budget.csv")
	row := "K-1,startup,220104,2023-01,2023-12,1,,2023-03-01,person,样甲,220102190001010016,,,6217992200000000000,\n"
	must(t, dir, "import", "applications", write(t, "a.csv", sampleHeader+row))
	for _, a := range []string{"reviewer-1", "reviewer-2", "approver-1"} {
		role, _, _ := strings.Cut(a, "-")
		must(t, dir, "access", "add", a, "--role", role)
	}
	serve(t, dir)
	first, _ := paper(t, 1)
	second, _ := paper(t, 2)
	step := func(args ...string) { t.Helper(); must(t, dir, append([]string{"claim"}, args...)...) }
	step("attach", "K-1", "application-form", first, "--on", "2023-03-02")
	step("first-review", "K-1", "--as", "reviewer-1", "--on", "2023-03-02")
	step("compare", "K-1", "--outcome", "matched", "--sources", `["社保"]`, "--manifest", someHash, "--as", "reviewer-1", "--on", "2023-03-02")
	step("second-review", "K-1", "--as", "reviewer-2", "--on", "2023-03-03")
	step("publicise", "K-1", "--place", "网站", "--notice", someHash, "--as", "reviewer-2", "--on", "2023-03-04", "--from", "2023-03-04", "--to", "2023-03-20")
	step("end-publicity", "K-1", "--as", "reviewer-2", "--on", "2023-03-21")
	approve := []string{"claim", "approve", "K-1", "--decision", "示例决字1号", "--line", "220000/startup/levy/2023", "--as", "approver-1", "--on", "2023-03-22"}
	if code, _, stderr := zhucan(t, dir, approve...); code != 2 || !strings.Contains(stderr, "[evidence-missing]") || !strings.Contains(stderr, "business-licence") || strings.Contains(stderr, "application-form") {
		t.Errorf("exit %d %s", code, stderr)
	}
	step("attach", "K-1", "business-licence", second, "--on", "2023-03-22")
	must(t, dir, approve...)
	if code, _, stderr := zhucan(t, dir, "claim", "attach", "K-1", "photo", second, "--on", "2023-03-22"); code != 2 || !strings.Contains(stderr, "[claim-step]") {
		t.Errorf("attached to what is decided: exit %d %s", code, stderr)
	}
	if got := must(t, dir, "verify"); !strings.Contains(got, "all 2 documents") {
		t.Error(got)
	}
}
