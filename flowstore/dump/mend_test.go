package dump

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/proxy/flow"
)

// TestAppendToTorn appends to fronts of a file: the whole flows stay, and what is left of one is in a side file.
func TestAppendToTorn(t *testing.T) {
	whole, ends := write(t, []*flow.Flow{ended("/1"), ended("/2")}, Newest)
	one, _ := write(t, []*flow.Flow{ended("/3")}, Newest)
	name := filepath.Join(t.TempDir(), "torn.mitm")
	for n := 8; n < len(whole); n++ {
		end := 0
		if n >= ends[0] {
			end = ends[0]
		}
		if n%97 > 0 && n-end > 12 && n < len(whole)-2 {
			continue
		}
		if err := os.WriteFile(name, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		w, err := Open(name, true, Newest)
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		err = w.Add(ended("/3"))
		notices := w.Notices()
		if err2 := w.Close(); err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		got, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(got[:end], whole[:end]) || len(got) != end+len(one) {
			t.Fatalf("%d bytes became %d: %v", n, len(got), err)
		}
		side, err := os.ReadFile(name + ".cut")
		if torn := end < n; torn != (err == nil) || torn != (len(notices) == 1) || !bytes.Equal(side, whole[end:n]) {
			t.Fatalf("%d bytes: %d are in the side file: %v, %q", n, len(side), err, notices)
		}
		os.Remove(name + ".cut")
	}
}

// TestFolderIsNoFile takes no folder for a file, be it there or not.
func TestFolderIsNoFile(t *testing.T) {
	s := NewStream(slog.New(slog.DiscardHandler))
	defer s.Close()
	path := filepath.Join(t.TempDir(), "none") + "/"
	if err := s.Set(Target{Path: "+" + path}); err == nil || !strings.HasSuffix(err.Error(), "name a file in it, as in "+path+"flows.mitm") {
		t.Error(err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("it was made")
	}
}

// TestAppendTwice keeps what was cut off before.
func TestAppendTwice(t *testing.T) {
	whole, _ := write(t, []*flow.Flow{ended("/1"), ended("/2")}, Newest)
	name := filepath.Join(t.TempDir(), "torn.mitm")
	for range 2 {
		if err := os.WriteFile(name, whole[:len(whole)-7], 0o600); err != nil {
			t.Fatal(err)
		}
		out := &logged{}
		s := NewStream(slog.New(slog.NewTextHandler(out, nil)))
		if err := s.Set(Target{Path: "+" + name, Format: Newest}); err != nil {
			t.Fatal(err)
		}
		s.Put([]*flow.Flow{ended("/3")})
		s.Close()
		want(t, name, "/1 /3")
		if log := out.String(); !strings.Contains(log, "in the middle of a flow: its last ") || !strings.Contains(log, " bytes were moved to "+name+".cut") {
			t.Error(log)
		}
	}
	first, err := os.ReadFile(name + ".cut")
	second, err2 := os.ReadFile(name + ".cut2")
	if err != nil || err2 != nil || len(first) == 0 || !bytes.Equal(first, second) {
		t.Error(err, err2, len(first), len(second))
	}
}

// TestAppendToOther leaves files alone that are no flow files, and those in which it is not the end that is damaged.
func TestAppendToOther(t *testing.T) {
	whole, ends := write(t, []*flow.Flow{ended("/1"), ended("/2")}, Newest)
	for what, data := range map[string]string{
		"text":             "notes of mine\n",
		"time":             "12:30 meet them, and then go home\n",
		"number":           "4711",
		"JSON":             `{"log": {}}`,
		"a netstring":      "5:hello,",
		"rubbish behind":   string(whole) + "\x00\x00\x00\x00",
		"rubbish between":  string(whole[:ends[0]]) + "\n" + string(whole[ends[0]:]),
		"another's length": string(whole[:ends[0]]) + "99999999:rubbish and no flow",
	} {
		name := filepath.Join(t.TempDir(), "x.mitm")
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(name, true, Newest)
		if err == nil || !strings.Contains(err.Error(), "cannot append flows to "+name) || !strings.HasSuffix(err.Error(), ": choose another file") {
			t.Errorf("%s: %v", what, err)
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != data {
			t.Errorf("%s: the file was changed: %v", what, err)
		}
	}
}
