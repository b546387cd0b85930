package filter

import (
	"sync"
	"testing"
	"time"

	"sluice/proxy/flow"
)

func mustParse(t testing.TB, expr string) *Filter {
	t.Helper()
	f, err := parse(expr, false)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestOperators(t *testing.T) {
	flows := flowsByName(t)
	for _, c := range []struct {
		flow, expr string
		want       bool
	}{
		{"http", "~a", true}, {"request", "~a", false}, {"tcp", "~a", false}, {"tcp", "!~a", true},
		{"http", "~all", true}, {"dns", "~all", true}, {"bare", "~all", true},
		{"http", "~b ann", true}, {"http", "~b Ann.age", true}, {"http", "~bq ann", true}, {"http", "~bs ann", false},
		{"http", "~bs png", true}, {"http", `~bs \x89PNG`, true}, {"http", `~bs \x89.NG`, true}, {"http", `~bs ^\x89P+N`, true},
		{"http", `~bs [\xf0-\xff]\xfe$`, true}, {"http", `~bs \x88PNG`, false}, {"http", `~bs "(?=\x89)."`, true},
		{"http", "~bq ^age", false}, {"http", "~bq age=7$", true},
		{"gzip", "~b secret", true}, {"gzip", "~bq secret", false}, {"two codings", "~bs SECRET", true},
		{"broken", "~b clear", true}, {"dropped", "~bs ''", false}, {"request", "~bs ''", false}, {"http", "~bs ''", true},
		{"tcp", "~b ping", true}, {"tcp", "~bq ping.pong", true}, {"tcp", "~bs ping", false}, {"udp", "~bs answer", true},
		{"websocket", "~bq ^up$", true}, {"websocket", "~bs ^down$", true}, {"websocket", "~bs ^up", false}, {"http", "~b ^up", false},
		{"http", "~c 404", true}, {"http", "~c 40", false}, {"http", "~c 4xx", true}, {"http", "~c 4XX", true}, {"http", "~c 5xx", false},
		{"request", "~c 404", false}, {"http", "~c 0404", true},
		{"noted", "~comment ^second", true}, {"noted", "~comment first.second", false}, {"http", "~comment ''", true},
		{"http", "~d named", true}, {"http", "~d ^10.0", true}, {"http", "~d 8080", false}, {"tcp", "~d 10", false},
		{"dns", "~dns", true}, {"http", "~dns", false}, {"http", "~http", true}, {"tcp", "~tcp", true}, {"udp", "~udp", true}, {"udp", "~tcp", false},
		{"http", "~dst 10.0.0.1:8080", true}, {"tcp", "~dst ^10", true}, {"bare", "~dst ''", false},
		{"v6", "~dst ^2001:db8::1:443$", true}, {"v6", `~dst '^\[2001:db8::1]:443'`, true},
		{"http", "~src ^127.0.0.1:51000$", true}, {"v6", "~src ^::1:4000", true}, {"v6", `~src \[::1]:4000`, true},
		{"mapped", "~src ^1.2.3.4:4000$", true}, {"bare", "~src ''", false},
		{"error", "~e", true}, {"http", "~e", false},
		{"http", "~h 'x-one: EINS'", true}, {"http", "~h ^server", true}, {"http", "~h '^x-one: eins\\r'", true},
		{"http", "~hq ^server", false}, {"http", "~hs ^server:.nginx", true}, {"http", "~hq ^x-one", true}, {"request", "~hs ''", false},
		{"http", "~m post", true}, {"http", "~m ^os", false}, {"http", "~m GET|POST", true},
		{"noted", "~marked", true}, {"http", "~marked", false}, {"noted", "~marker red", true}, {"noted", "~marker blue", false},
		{"noted", "~meta '^b: 2$'", true}, {"noted", `~meta 'a: 1\nb: 2'`, true}, {"noted", "~meta c", false},
		{"http", "~q", false}, {"request", "~q", true}, {"tcp", "~q", false}, {"http", "~s", true}, {"request", "~s", false}, {"tcp", "~s", false},
		{"replayed request", "~replay", true}, {"replayed request", "~replayq", true}, {"replayed request", "~replays", false},
		{"replayed response", "~replays", true}, {"replayed response", "~replayq", false}, {"http", "~replay", false},
		{"http", "~t image/png", true}, {"http", "~t urlencoded$", true}, {"http", "~tq image", false}, {"http", "~ts image", true}, {"http", "~ts form", false},
		{"http", "~u http://named.example:8080/api", true}, {"http", "~u 10.0.0.1", false}, {"http", "/API/v1.q=1$", true}, {"tcp", "api", false},
		{"websocket", "~websocket", true}, {"websocket", "~ws", true}, {"http", "~websocket", false}, {"tcp", "~websocket", false},
	} {
		if got := mustParse(t, c.expr).Match(flows[c.flow]); got != c.want {
			t.Errorf("%s on %s: got %v", c.expr, c.flow, got)
		}
	}
}

func TestEveryOperatorOnEveryFlow(t *testing.T) {
	for name, f := range flowsByName(t) {
		for _, o := range Operators() {
			expr := o.Name
			switch o.Arg {
			case argRegex:
				expr += " ''"
			case argInt:
				expr += " 404"
			}
			if mustParse(t, expr).Match(f) == mustParse(t, "!"+expr).Match(f) {
				t.Errorf("%s and its opposite agree on %s", expr, name)
			}
		}
	}
}

func TestCaseSensitive(t *testing.T) {
	f := newFlow()
	for expr, want := range map[string]bool{"~m POST": true, "~m post": false, "~m p.s+t": false, "~m P.S+T": true, "~hq X-One": true,
		"~hq x-one": false, "~hq é|X-One": true} {
		x, err := parse(expr, true)
		if err != nil {
			t.Fatal(err)
		}
		if x.Match(f) != want {
			t.Errorf("%s: got %v", expr, !want)
		}
	}
}

func TestNilMatchesEverything(t *testing.T) {
	var f *Filter
	ok, known := f.MatchHead(newFlow())
	if !f.Match(newFlow()) || !ok || !known || f.NeedsBody() || f.String() != "" {
		t.Error("the nil filter is not the one that matches everything")
	}
}

func TestNeedsBody(t *testing.T) {
	for expr, want := range map[string]bool{
		"~u a & ~m b": false, "~u a | !(~q x)": false, "a & (b | ~bq c)": true, "~bs a": true, "~hq a": false,
	} {
		if got := mustParse(t, expr).NeedsBody(); got != want {
			t.Errorf("%s: got %v", expr, got)
		}
	}
}

func TestMatchHead(t *testing.T) {
	f := newFlow()
	for _, c := range []struct {
		expr      string
		ok, known bool
	}{
		{"~m post", true, true}, {"~m get", false, true}, {"~b x", false, false}, {"!~b x", false, false},
		{"~m get & ~b x", false, true}, {"~b x & ~m get", false, true}, {"~m post & ~b x", false, false},
		{"~m post | ~b x", true, true}, {"~b x | ~m get", false, false}, {"!(~m post | ~b x)", false, true},
		{"!(~m get & ~b x)", true, true}, {"~m post ~u api", true, true}, {"~m get | ~u api", true, true},
	} {
		if ok, known := mustParse(t, c.expr).MatchHead(f); ok != c.ok || known != c.known {
			t.Errorf("%s: got %v, %v", c.expr, ok, known)
		}
	}
}

// TestMatchHeadKnowsWhatHasCome: only the bodies that are still to come are not known.
func TestMatchHeadKnowsWhatHasCome(t *testing.T) {
	asked, answering, answered, talking := newFlow(), newFlow(), newFlow(), newFlow()
	asked.Response = nil
	for _, f := range []*flow.Flow{answering, answered, talking} {
		f.Request.End = time.Unix(1, 0)
	}
	answered.Response.End = time.Unix(2, 0)
	talking.WebSocket = &flow.WebSocket{}
	for _, c := range []struct {
		f         *flow.Flow
		expr      string
		ok, known bool
	}{
		{asked, "~bq Ann", false, false}, {asked, "~bs PNG", false, true}, {asked, "!~bs PNG", true, true}, {asked, "~b Ann", false, false},
		{answering, "~bq Ann", true, true}, {answering, "~bq x", false, true}, {answering, "~bs PNG", false, false},
		{answering, "~b Ann", true, true}, {answering, "~b PNG", false, false}, {answering, "!~bq Ann", false, true},
		{answered, "~bs PNG", true, true}, {answered, "~bs x", false, true}, {answered, "~b x", false, true},
		{talking, "~bq Ann", false, false},
	} {
		if ok, known := mustParse(t, c.expr).MatchHead(c.f); ok != c.ok || known != c.known {
			t.Errorf("%s: got %v, %v", c.expr, ok, known)
		}
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	f := newFlow()
	for _, expr := range []string{"~u named.example", "~u ^http.*v1", "~h nginx", "~h '^server: ng.*x'", "~d example", "~m POST & ~c 404",
		"~t png", "~src 127", "~dst 10", "~a", "!~q ~s", "api | ~hs x", "~bq ann"} {
		x := mustParse(t, expr)
		if n := testing.AllocsPerRun(200, func() { x.Match(f) }); n > 0 && !raceEnabled {
			t.Errorf("%s: %v allocations", expr, n)
		}
	}
}

func TestConcurrentMatch(t *testing.T) {
	flows := manyFlows(60)
	x := mustParse(t, "~u 'items/\\d' & (~h nginx | ~b '(?=x)y') & ~m post")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, f := range flows {
				if x.Match(f) != (i%3 == 1) {
					t.Errorf("flow %d: wrong answer", i)
				}
			}
		})
	}
	wg.Wait()
}
