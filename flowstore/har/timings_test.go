package har

import (
	"bytes"
	"fmt"
	"testing"

	"sluice/proxy/flow"
)

// What an archive has of the time of an entry, what it is written as after it was read, and when its connection was opened.
func TestTimings(t *testing.T) {
	for _, c := range []struct{ name, time, timings, want, opened string }{
		{"as Chrome has it", "150", `"blocked": 2.5, "dns": 10, "connect": 45.5, "ssl": 20, "send": 1, "wait": 80, "receive": 11`,
			"150 of 2.5 10 45.5 20 1 80 11", "12.5ms 38ms 58ms"},
		{"TLS beside connecting, as Firefox and mitmproxy have it", "170", `"blocked": 2.5, "dns": 10, "connect": 45.5, "ssl": 20, "send": 1, "wait": 80, "receive": 11`,
			"170 of 2.5 10 65.5 20 1 80 11", "12.5ms 58ms 78ms"},
		{"TLS that takes longer than connecting", "", `"connect": 2, "ssl": 3, "wait": 4`, "9 of -1 -1 5 3 0 4 0", "0s 2ms 5ms"},
		{"a connection that was open", "12", `"blocked": 1, "dns": -1, "connect": -1, "ssl": -1, "send": 1, "wait": 9, "receive": 1`, "12 of 1 -1 -1 -1 1 9 1", ""},
		{"the same with nothing in its place", "12", `"send": 2, "wait": 9, "receive": 1`, "12 of -1 -1 -1 -1 2 9 1", ""},
		{"zeros", "0", `"blocked": 0, "dns": 0, "connect": 0, "ssl": 0, "send": 0, "wait": 0, "receive": 0`, "0 of 0 0 0 0 0 0 0", "0s 0s 0s"},
		{"null and texts", "7", `"blocked": null, "dns": "2", "connect": "", "ssl": null, "send": null, "wait": "5"`, "7 of -1 2 -1 -1 0 5 0", ""},
		{"no parts at all", "7.25", ``, "7.25 of -1 -1 -1 -1 0 7.25 0", ""},
		{"numbers that are none", "-1", `"send": -1, "wait": NaN, "receive": Infinity`, "3.1536e+10 of -1 -1 -1 -1 0 0 3.1536e+10", ""},
	} {
		entry := entryJSON(`"time": 10,`, `"time": `+c.time+`, "timings": {`+c.timings+`},`)
		if c.time == "" {
			entry = entryJSON(`"time": 10,`, `"timings": {`+c.timings+`},`)
		}
		flows, errs := readAll(bytes.NewReader([]byte(archiveOf(entry))))
		if errs != nil {
			t.Fatal(errs)
		}
		f := flows[0]
		for range 2 {
			x := new(encoder).timings(f)
			if got := fmt.Sprint(x.sum(), " of ", x.blocked, x.dns, x.connect, x.ssl, x.send, x.wait, x.receive); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
			if flows, errs = readAll(bytes.NewReader(write(t, false, f))); errs != nil {
				t.Fatal(errs)
			}
			f = flows[0]
		}
		opened := ""
		if s := f.Server; !s.Start.IsZero() {
			opened = fmt.Sprint(s.Start.Sub(f.Request.Start), s.TCPSetup.Sub(f.Request.Start), s.TLSSetup.Sub(f.Request.Start))
		}
		if opened != c.opened {
			t.Errorf("%s: opened at %s, want %s", c.name, opened, c.opened)
		}
	}
}

// A connection that was opened before the request, or is opened behind it, is in no other part; one that was told of is not told of again.
func TestTimingsOfConnections(t *testing.T) {
	f := testFlow() // whose connection is opened while it is sent and waited for
	var e encoder
	for _, c := range []struct {
		open [3]int
		want string
	}{
		{[3]int{-9, -7, -4}, "[-1 -1 5 3 1 7 4]"},
		{[3]int{2, 4, 7}, "[-1 -1 5 3 1 2 4]"},
		{[3]int{0, 2, 5}, "[-1 -1 5 3 0 3 4]"},
	} {
		g := *f
		g.Server = flow.NewServer(f.Server.Address)
		g.Server.Start, g.Server.TCPSetup, g.Server.TLSSetup = after(c.open[0]), after(c.open[1]), after(c.open[2])
		parts := func() string {
			x := e.timings(&g)
			return fmt.Sprint([]float64{x.blocked, x.dns, x.connect, x.ssl, x.send, x.wait, x.receive})
		}
		if got := parts(); got != c.want {
			t.Errorf("opened at %d: %s, want %s", c.open, got, c.want)
		}
		if again := e.timings(&g); again.connect != -1 || again.ssl != -1 {
			t.Errorf("a connection is told of twice: %+v", again)
		}
	}
	replayed := *f
	replayed.Metadata = map[string]string{blockedKey: "5"}
	if x := e.timings(&replayed); x.blocked != 5 {
		t.Error(x.blocked)
	}
	if replayed.Replay = flow.ReplayedRequest; e.timings(&replayed).blocked != -1 {
		t.Error("what was when the request was first sent is told of when it is replayed")
	}
}
