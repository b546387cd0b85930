package tui

import (
	"reflect"
	"strings"
	"testing"
)

func TestOptionsWindow(t *testing.T) {
	drive(t, 100, 30, nil, func(d *driver) {
		d.press("O", "j", "j", "enter")
		if !d.opts.Bool("anticache") {
			t.Error("enter does not turn a switch over")
		}
		d.wantScreen("* anticache")
		d.press("d")
		if d.opts.Bool("anticache") {
			t.Error("d does not reset the option")
		}
		d.run("console.command.set allow_hosts")
		d.wantScreen(": set allow_hosts ''")
	})
}

// On a narrow screen, too, options show what they are.
func TestOptionsOnANarrowScreen(t *testing.T) {
	drive(t, 40, 10, nil, func(d *driver) {
		d.run("set anticache true")
		d.press("O")
		d.wantScreen("* anticache              true", "add_upstream_certs_t…  false")
	})
}

// The content view is chosen among those there are.
func TestContentViewIsChosen(t *testing.T) {
	drive(t, 100, 40, nil, func(d *driver) {
		d.press("O", "/")
		d.write("^console_default_contentview")
		d.press("enter")
		d.wantScreen("One of: auto, css")
		d.press("enter")
		d.wantScreen("1) auto *", "hex dump")
		d.press("/")
		d.write("json")
		d.press("enter")
		if got := d.opts.Str("console_default_contentview"); got != "json" {
			t.Errorf("the view is %q", got)
		}
		d.press(":")
		d.write("set console_default_contentview hex")
		d.press("tab")
		d.wantScreen(`"hex dump"`, `"hex stream"`)
	})
}

// A list is edited in a grid, whose values the option checks when it is left.
func TestListOptionsAreEditedInAGrid(t *testing.T) {
	drive(t, 120, 30, nil, func(d *driver) {
		d.press("O", "down", "enter", "a")
		d.wantScreen("Edit allow_hosts")
		d.write("a.com(")
		d.press("esc", "q")
		d.wantScreen("Edit allow_hosts", "leave once more to drop it")
		d.press("enter", "backspace", "esc", "a")
		d.write("b c")
		d.press("esc", "q")
		d.wantScreen("Option Help", "['a.com', 'b c']")
		if got := d.opts.Strs("allow_hosts"); strings.Join(got, "|") != "a.com|b c" {
			t.Errorf("the list is %q", got)
		}
	})
}

// Who opens the prompt with an option's value and takes it over as it is changes nothing.
func TestPromptOfAnOptionKeepsItsValue(t *testing.T) {
	drive(t, 120, 24, nil, func(d *driver) {
		for name, value := range map[string]any{
			"stickycookie":   `~b "it's \\d \x41 \n \bfoo\."`,
			"stickyauth":     `~b \x41\\`,
			"modify_headers": []string{`/~q/X-A/a "b" c's \\n`, `|~u \x41|X-B|`},
		} {
			if err := d.opts.Update(map[string]any{name: value}); err != nil {
				t.Fatal(err)
			}
			d.run("console.command.set " + name)
			d.wantScreen("set option *value")
			d.press("enter")
			d.wantNot("set option *value")
			if got := d.opts.Value(name); !reflect.DeepEqual(got, value) {
				t.Errorf("%s is %q", name, got)
			}
		}
	})
}

// Options change from elsewhere too.
func TestOptionsOfOthers(t *testing.T) {
	drive(t, 100, 24, gallery(), func(d *driver) {
		go func() {
			if err := d.opts.Set("view_filter=~m POST"); err != nil {
				t.Error(err)
			}
		}()
		d.settle()
		d.wantScreen("[f:~m POST]", "[1/1]")
		if err := d.opts.Set("view_filter=~m ("); err == nil {
			t.Error("a filter that cannot be parsed is taken")
		}
		d.settle()
		d.wantScreen("[f:~m POST]", "[1/1]")
	})
}

func TestOptionsThatNothingActsOn(t *testing.T) {
	drive(t, 100, 24, nil, func(d *driver) {
		d.run("set scripts out")
		d.wantScreen("scripts is kept, but nothing acts on it yet")
	})
}

func TestPatternsOfListsAreTakenAsTheyAre(t *testing.T) {
	drive(t, 80, 24, nil, func(d *driver) {
		d.run("set ignore_hosts ''")
		d.press("O")
		for !strings.Contains(d.screen(), ">>   ignore_hosts") {
			d.press("j")
		}
		d.press("enter", "a")
		d.write(`\.example\.com$`)
		d.press("esc", "q")
		if got := d.app.options.Strs("ignore_hosts"); len(got) == 0 || got[len(got)-1] != `\.example\.com$` {
			t.Errorf("the option is %q", got)
		}
	})
}

func TestBadProtosAreRefused(t *testing.T) {
	drive(t, 100, 24, nil, func(d *driver) {
		d.run("set protobuf_definitions ./none.proto")
		d.wantScreen("protobuf_definitions: ", "none.proto")
		if d.opts.IsSet("protobuf_definitions") {
			t.Error("the file was taken")
		}
	})
}
