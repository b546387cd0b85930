package har

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/flowstore/dump"
	"sluice/proxy/flow"
)

// After every Flush there is a whole archive in the file, whatever is its kind.
func TestFileIsWhole(t *testing.T) {
	for _, name := range []string{"a.har", "a.zhar"} {
		path := filepath.Join(t.TempDir(), name)
		f, err := Create(path)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 5 {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if flows, errs := readAll(bytes.NewReader(data)); len(flows) != n || errs != nil {
				t.Errorf("%s has %d flows after %d: %q", name, len(flows), n, errs)
			}
			if name == "a.har" && !json.Valid(data) {
				t.Errorf("after %d flows it is %s", n, data)
			}
			if err := errors.Join(f.Add(testFlow()), f.Add(&flow.Flow{Kind: flow.TCP}), f.Flush()); err != nil {
				t.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A file that is not ours is not written to, and one that is gone begins anew.
func TestFileMoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.har")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	put := func() error { return errors.Join(f.Add(testFlow()), f.Add(testFlow()), f.Flush()) }
	if err := errors.Join(put(), os.Rename(path, path+".old"), os.WriteFile(path, []byte("mine"), 0o600)); err != nil {
		t.Fatal(err)
	}
	var failed *dump.WriteError
	if err := put(); !errors.As(err, &failed) || failed.Flows != 2 || !strings.Contains(err.Error(), "another file has taken the place of "+path+": move it away") {
		t.Error(err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "mine" {
		t.Errorf("%s, %v", data, err)
	}
	if err := errors.Join(os.Remove(path), put(), f.Close()); err != nil {
		t.Error(err)
	}
	for _, name := range []string{path, path + ".old"} {
		data, err := os.ReadFile(name)
		if flows, errs := readAll(bytes.NewReader(data)); err != nil || len(flows) != 2 || errs != nil {
			t.Errorf("%s has %d flows: %q, %v", name, len(flows), errs, err)
		}
	}
}

// What a piece that could not be written had in it is not referred to by those after it.
func TestZipper(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		z, file, end, want := newZipper(), []byte(nil), []byte(nil), head()
		for i, piece := range append([]string{want}, rapid.SliceOfN(rapid.StringMatching(`(one piece of text){1,3}`), 1, 6).Draw(rt, "pieces")...) {
			packed, behind := z.pack([]byte(piece))
			if i > 0 && rapid.Bool().Draw(rt, "fails") {
				z.undo()
				continue
			}
			z.keep()
			file, end = append(file, packed...), behind
			if i > 0 {
				want += piece
			}
		}
		s, err := open(bytes.NewReader(append(file, end...)))
		if err != nil {
			rt.Fatal(err)
		}
		var got bytes.Buffer
		if _, err := got.ReadFrom(s.r); err != nil || got.String() != want+tail {
			rt.Errorf("%v: %q, want %q", err, got.String(), want+tail)
		}
	})
}

// A text is what encoding/json takes for the same, and bytes that are no UTF-8 come back too. An archive has its lines.
func TestTexts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := rapid.OneOf(anyRaw, rapid.String()).Draw(rt, "text")
		quoted := appendText(nil, s)
		var back string
		if p := (&parser{b: quoted}); p.text(&back) != nil || back != s || p.i != len(quoted) {
			rt.Errorf("%q is %s and then %q", s, quoted, back)
		}
		if err := json.Unmarshal(quoted, &back); err != nil || strings.ToValidUTF8(s, "?") == s && back != s {
			rt.Errorf("%q is %s, which is read as %q: %v", s, quoted, back, err)
		}
		plain, _ := json.Marshal(s)
		if p := (&parser{b: plain}); p.text(&back) != nil || strings.ToValidUTF8(s, "?") == s && back != s {
			rt.Errorf("%s is read as %q", plain, back)
		}
		f, _ := anyFlow(rt)
		var tidy bytes.Buffer
		if data := write(rt, false, f); json.Indent(&tidy, data, "", "    ") != nil || !bytes.Equal(tidy.Bytes(), data) {
			rt.Errorf("%s\nwant %s", data, tidy.Bytes())
		}
	})
}

// Of the connections that there were some are forgotten, but none that has just been seen.
func TestIDSet(t *testing.T) {
	var s idSet
	last := flow.NewID()
	s.add(last)
	for range 5 * maxSeen {
		id := flow.NewID()
		if !s.add(id) || s.add(id) || s.add(last) {
			t.Fatal("an ID is not known again")
		}
		last = id
	}
	if n := len(s.now) + len(s.before); n > 2*maxSeen {
		t.Errorf("%d IDs are kept", n)
	}
}
