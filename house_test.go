package sluice

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluice/tui/keymap"
)

var update = flag.Bool("update", false, "write the generated part of README.md")

// imports says which packages of ours a package may use, itself and what is below it aside. The longest name that fits counts.
var imports = map[string][]string{
	"sluice":               {},
	"sluice/proxy/flow":    {},
	"sluice/proxy/spell":   {},
	"sluice/proxy/file":    {},
	"sluice/proxy/filter":  {"sluice/proxy/flow", "sluice/proxy/spell"},
	"sluice/proxy/content": {"sluice/proxy/flow", "sluice/proxy/file"},
	"sluice/proxy/wire":    {"sluice/proxy/flow"},
	"sluice/proxy/cert":    {"sluice/proxy/flow", "sluice/proxy/file"},
	"sluice/proxy/option":  {"sluice/proxy/flow", "sluice/proxy/filter", "sluice/proxy/spell", "sluice/proxy/file"},
	"sluice/proxy/command": {"sluice/proxy/flow", "sluice/proxy/filter", "sluice/proxy/spell", "sluice/proxy/file"},
	"sluice/proxy/layer":   {"sluice/proxy/flow"},
	"sluice/proxy/layers":  {"sluice/proxy/layer", "sluice/proxy/wire", "sluice/proxy/flow"},
	"sluice/proxy/addon":   {"sluice/proxy/layers", "sluice/proxy/layer", "sluice/proxy/wire", "sluice/proxy/cert", "sluice/proxy/filter", "sluice/proxy/option", "sluice/proxy/command", "sluice/proxy/content", "sluice/proxy/flow", "sluice/proxy/file"},
	"sluice/proxy":         {},
	"sluice/flowstore":     {"sluice/proxy/flow", "sluice/proxy/filter", "sluice/proxy/command", "sluice/proxy/option"},
	"sluice/dump":          {"sluice/proxy/flow"},
	"sluice/har":           {"sluice/proxy/flow"},
	"sluice/tui":           {"sluice/flowstore", "sluice/dump", "sluice/har", "sluice/proxy/flow", "sluice/proxy/filter", "sluice/proxy/content", "sluice/proxy/command", "sluice/proxy/option"},
	"sluice/cmd":           {"sluice"},
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	ours := 0
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if !below(p.ImportPath, "sluice") {
			continue
		}
		ours++
		home := homeOf(p.ImportPath)
		if home == "" {
			t.Errorf("%s is in no folder of the house", p.ImportPath)
		}
		for _, i := range p.Imports {
			allowed := append(slices.Clone(imports[home]), home)
			if below(i, "sluice") && !slices.ContainsFunc(allowed, func(a string) bool { return below(i, a) }) {
				t.Errorf("%s must not import %s", p.ImportPath, i)
			}
		}
	}
	if ours < 10 {
		t.Errorf("only %d packages found", ours)
	}
}

func below(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// homeOf returns the longest name in imports that a package is below. The root package is below itself only.
func homeOf(path string) string {
	if path == "sluice" {
		return path
	}
	best := ""
	for home := range imports {
		if home != "sluice" && len(home) > len(best) && below(path, home) {
			best = home
		}
	}
	return best
}

// TestNoMachinePaths looks for the paths of the machine that it runs on.
func TestNoMachinePaths(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if name := e.Name(); name == ".git" || name == "bin" {
				return filepath.SkipDir
			}
			return nil
		}
		if !slices.Contains([]string{".go", ".md", ".yaml", ".txtar", ".sh", ""}, filepath.Ext(path)) {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, mine := range []string{here, home} {
			if bytes.Contains(data, []byte(filepath.Clean(mine)+"/")) {
				t.Errorf("%s has a path below %s in it", path, mine)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The generated part of README.md lies between these.
const keysBegin, keysEnd = "<!-- keys: go test -run TestReadme -update -->\n", "<!-- end of keys -->\n"

func TestReadme(t *testing.T) {
	data, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, begun := strings.Cut(string(data), keysBegin)
	have, tail, ended := strings.Cut(rest, keysEnd)
	if !begun || !ended {
		t.Fatal("README.md has no place for the keys")
	}
	want := keyTable(t)
	if have == want {
		return
	}
	if !*update {
		t.Fatal("the keys in README.md are not those of keybindings.yaml: run go test -run TestReadme -update")
	}
	if err := os.WriteFile("README.md", []byte(head+keysBegin+want+keysEnd+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

// keyTable returns the default keys as Markdown, one table for each place they work in.
func keyTable(t *testing.T) string {
	t.Helper()
	all, err := keymap.Parse(Keybindings)
	if err != nil {
		t.Fatal(err)
	}
	in := func(contexts ...string) func(keymap.Binding) bool {
		return func(k keymap.Binding) bool {
			return !slices.ContainsFunc(contexts, func(c string) bool { return !k.In(c) })
		}
	}
	everywhere, both := in(keymap.Global), in("flowlist", "flowview")
	rest := func(context string) func(keymap.Binding) bool {
		return func(k keymap.Binding) bool { return k.In(context) && !everywhere(k) && !both(k) }
	}
	var b strings.Builder
	for _, place := range []struct {
		title string
		has   func(keymap.Binding) bool
	}{
		{"Everywhere", everywhere}, {"On a flow, in the list or opened", both}, {"In the list", rest("flowlist")},
		{"In an opened flow", rest("flowview")}, {"In the grid editor", rest("grideditor")}, {"In the options", rest("options")},
		{"In the event log", rest("eventlog")}, {"In the key bindings", rest("keybindings")}, {"In the help", rest("help")},
	} {
		fmt.Fprintf(&b, "\n**%s**\n\n| key | does |\n|---|---|\n", place.title)
		for _, k := range all {
			if place.has(k) {
				fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(k.Key, "|", `\|`), strings.ReplaceAll(k.Help, "|", `\|`))
			}
		}
	}
	return b.String() + "\n"
}
