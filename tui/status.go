package tui

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"sluice/proxy/content"
)

// A flag is a part of the status line: [i:expr], whose letter is a key.
type flag struct{ before, key, after string }

// status draws the status line.
func (f *footer) status() string {
	a, t := f.app, f.app.theme
	arrow, marked := "⇩", " "
	if a.options.Bool("view_order_reversed") {
		arrow = "⇧"
	}
	if a.marked {
		marked = "M"
	}
	place := fmt.Sprintf("%s%s [%d/%d]", arrow, marked, a.view.FocusIndex()+1, a.view.Len())
	left := t.Bar.Render(fit(place, max(11, ansi.StringWidth(place)+1)))
	width := max(11, ansi.StringWidth(place)+1)
	right := f.places()
	room := f.w - width - ansi.StringWidth(right) - 1
	var b strings.Builder
	b.WriteString(left)
	for _, fl := range f.flags() {
		w := ansi.StringWidth(fl.before + fl.key + fl.after)
		if w > room {
			if room > 8 {
				text := fitShort(fl.before+fl.key+fl.after, room)
				b.WriteString(t.Bar.Render(text))
				room -= ansi.StringWidth(text)
				width += ansi.StringWidth(text)
			}
			break
		}
		b.WriteString(t.Bar.Render(fl.before) + t.BarKey.Render(fl.key) + t.Bar.Render(fl.after))
		room -= w
		width += w
	}
	pad := max(f.w-width-ansi.StringWidth(right), 0)
	b.WriteString(t.Bar.Render(strings.Repeat(" ", pad) + right))
	return fit(b.String(), f.w)
}

// places says where the proxy listens: all places if they take half of the line at most, or else as many as do, and
// how many more there are.
func (f *footer) places() string {
	if f.listen == "" {
		return ""
	}
	all := strings.Split(f.listen, ", ")
	text := "[" + f.listen + "]"
	for n := len(all) - 1; n > 0 && ansi.StringWidth(text) > f.w/2; n-- {
		text = fmt.Sprintf("[%s +%d]", strings.Join(all[:n], ", "), len(all)-n)
	}
	return text
}

// flags lists what is switched on, in the order of the status line.
func (f *footer) flags() []flag {
	o := f.app.options
	var flags []flag
	add := func(on bool, before, key, after string) {
		if on {
			flags = append(flags, flag{before, key, after})
		}
	}
	n := func(name string) int { return len(o.Strs(name)) }
	text := func(name string) string { return content.Clean(o.Str(name)) }

	loading := f.app.loadProgress()
	add(loading != "", loading, "", "")
	add(n("modify_headers") > 0, "[", "H", "eaders]")
	add(n("modify_body") > 0, fmt.Sprintf("[%d body modifications]", n("modify_body")), "", "")
	add(f.replays > 0, "[", "cplayback", fmt.Sprintf(":%d]", f.replays))
	add(f.served > 0, "[", "splayback", fmt.Sprintf(":%d]", f.served))
	if maps := n("map_remote") + n("map_local"); maps > 0 {
		add(true, fmt.Sprintf("[map:%d]", maps), "", "")
	}
	add(n("block_list") > 0, fmt.Sprintf("[block:%d]", n("block_list")), "", "")
	if n("ignore_hosts") > 0 {
		add(true, "[", "I", fmt.Sprintf("gnore:%d]", n("ignore_hosts")))
	} else {
		add(n("allow_hosts") > 0, "[", "A", fmt.Sprintf("llow:%d]", n("allow_hosts")))
	}
	add(n("tcp_hosts") > 0, "[", "T", fmt.Sprintf("CP:%d]", n("tcp_hosts")))
	paused := ""
	if !o.Bool("intercept_active") {
		paused = "X"
	}
	add(o.Str("intercept") != "", "["+paused, "i", ":"+text("intercept")+"]")
	add(o.Str("view_filter") != "", "[", "f", ":"+text("view_filter")+"]")
	add(o.Str("stickycookie") != "", "[", "t", ":"+text("stickycookie")+"]")
	add(o.Str("stickyauth") != "", "[", "u", ":"+text("stickyauth")+"]")
	add(o.Str("console_default_contentview") != "auto", "[contentview:"+text("console_default_contentview")+"]", "", "")
	add(o.Changed("view_order"), "[", "o", ":"+text("view_order")+"]")
	add(len(f.switches()) > 0, "["+strings.Join(f.switches(), ":")+"]", "", "")
	switch modes := o.Strs("mode"); len(modes) {
	case 0: // the same as regular
	case 1:
		add(modes[0] != "regular", "["+content.Clean(modes[0])+"]", "", "")
	default:
		add(true, fmt.Sprintf("[modes:%d]", len(modes)), "", "")
	}
	add(n("scripts") > 0, fmt.Sprintf("[scripts:%d]", n("scripts")), "", "")
	add(o.Str("save_stream_file") != "", "[W:"+text("save_stream_file")+"]", "", "")
	return flags
}

// switches lists the simple options that are not as usual.
func (f *footer) switches() []string {
	o := f.app.options
	var on []string
	for _, s := range []struct {
		option, label string
		when          bool
	}{
		{"anticache", "anticache", true}, {"anticomp", "anticomp", true}, {"showhost", "showhost", true},
		{"server_replay_refresh", "norefresh", false}, {"upstream_cert", "no-upstream-cert", false},
		{"console_focus_follow", "following", true},
	} {
		if o.Bool(s.option) == s.when {
			on = append(on, s.label)
		}
	}
	if o.Str("stream_large_bodies") != "" {
		on = append(on, content.Clean(o.Str("stream_large_bodies")))
	}
	return on
}
