package har

import (
	"bytes"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"sluice/flowstore/dump"
	"sluice/proxy/flow"
)

// TestFileFull lets files have no more than a few bytes, as a full disk does, while an archive grows and while it has to begin anew.
func TestFileFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.har")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	allow := func(bytes uint64) {
		limit := old
		limit.Cur = min(bytes, old.Max)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
	}
	defer allow(old.Cur)
	check := func(step string, flows int, err error, lost int) {
		t.Helper()
		n := 0
		if failed := (*dump.WriteError)(nil); errors.As(err, &failed) {
			n = failed.Flows
		}
		data, bad := os.ReadFile(path)
		if got, errs := readAll(bytes.NewReader(data)); bad != nil || len(got) != flows || errs != nil || n != lost {
			t.Errorf("%s: %d flows, %q, %v: %v", step, len(got), errs, bad, err)
		}
	}
	large := testFlow()
	large.Response.Body = flow.BodyOf(bytes.Repeat([]byte("x"), 20<<10))
	put := func(flows ...*flow.Flow) error {
		var err error
		for _, f := range flows {
			err = errors.Join(err, w.Add(f))
		}
		return errors.Join(err, w.Flush())
	}
	allow(16 << 10)
	check("one of three has no room", 2, put(testFlow(), large, testFlow()), 1)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	allow(10)
	if err := put(testFlow()); err == nil {
		t.Error("it has begun anew where there is no room")
	}
	allow(old.Cur)
	check("there is room again", 2, put(testFlow(), large), 0)
	check("the end", 2, w.Close(), 0)
}
