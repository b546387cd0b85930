package addon

import (
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

// ServerReplay answers requests with responses that were recorded for requests like them.
type ServerReplay struct {
	settings atomic.Pointer[replaySettings]
	loaded   atomic.Int64 // of all entries
	waiting  waitlist
	log      *slog.Logger

	mu      sync.Mutex
	entries []*flow.Flow     // nil: has been used
	index   map[string][]int // entries by headKey and bodyKey
	heads   map[string]int   // how many entries there are for a headKey
}

// NewServerReplay returns the addon, which follows the options server_replay_* from now on. It has no flows.
func NewServerReplay(opts *option.Options, log *slog.Logger) (*ServerReplay, error) {
	s := &ServerReplay{log: log}
	return s, opts.Follow(func() error {
		s.settings.Store(readReplaySettings(opts))
		if opts.Bool("server_replay_nopop") {
			log.Warn("server_replay_nopop is an old name: use server_replay_reuse")
		}
		if opts.Bool("server_replay_kill_extra") {
			log.Warn("server_replay_kill_extra is an old name: use server_replay_extra=kill")
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.reindex()
		return nil
	}, replayOptions...)
}

// Load takes the flows to replay in the place of those it has, or beside them, and returns how many can be replayed.
func (s *ServerReplay) Load(flows []*flow.Flow, add bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !add {
		s.entries = nil
	}
	taken := 0
	for _, f := range flows {
		if answers(f) {
			s.entries = append(s.entries, f)
			taken++
		}
	}
	s.reindex()
	return taken
}

// answers reports whether a flow has a response that can be given again. One that broke off would have clients wait for the rest.
func answers(f *flow.Flow) bool {
	brokeOff := f.Error != nil && f.Response != nil && f.Response.End.IsZero()
	return !brokeOff && f.Kind == flow.HTTP && f.Request != nil && f.Response != nil && f.WebSocket == nil && f.Response.Status >= 200 &&
		f.Request.Method != "CONNECT" && f.Response.Body.Gap() == flow.Whole && f.Request.Body.Gap() == flow.Whole
}

// Stop forgets all flows.
func (s *ServerReplay) Stop() { s.Load(nil, false) }

// Count returns how many responses can still be given.
func (s *ServerReplay) Count() int { return int(s.loaded.Load()) }

// reindex finds the keys of all entries anew. The caller holds the lock.
func (s *ServerReplay) reindex() {
	o := s.settings.Load()
	s.index, s.heads = map[string][]int{}, map[string]int{}
	n := 0
	for i, f := range s.entries {
		if f == nil {
			continue
		}
		head := o.headKey(f.Request)
		key := head + o.bodyKey(f.Request)
		s.index[key] = append(s.index[key], i)
		s.heads[head]++
		n++
	}
	if n == 0 {
		s.entries = nil
	}
	s.loaded.Store(int64(n))
}

// Handle answers at the headers what can be answered there. Only a request for whose head there
// are responses, which may depend on its body, is held until it is whole.
func (s *ServerReplay) Handle(h layer.Hook) <-chan layer.Verdict { return s.waiting.decide(h, s) }

func (s *ServerReplay) active() bool { return s.loaded.Load() > 0 }

func (s *ServerReplay) known(f *flow.Flow) bool {
	o := s.settings.Load()
	head := o.headKey(f.Request)
	s.mu.Lock()
	defer s.mu.Unlock()
	return o.ignoreContent || s.heads[head] == 0
}

// apply answers a request with the next response that was recorded for one like it. One that is streamed is like none, unless bodies do not matter.
func (s *ServerReplay) apply(f *flow.Flow) <-chan layer.Verdict {
	o := s.settings.Load()
	var rec *flow.Flow
	if o.ignoreContent || !f.Request.Stream {
		rec = s.next(o.headKey(f.Request)+o.bodyKey(f.Request), o)
	}
	if rec == nil {
		s.miss(f)
		return nil
	}
	r := *rec.Response
	if o.refresh {
		refresh(&r, time.Now())
	}
	if !strings.HasPrefix(r.Version, "HTTP/1") {
		r.Version = "HTTP/1.1"
	}
	if !r.Headers.Has("Transfer-Encoding") && !r.Headers.Has("Content-Length") && r.Status != 204 && r.Status != 304 {
		r.Headers = r.Headers.Add("Content-Length", strconv.FormatInt(r.Body.Len(), 10)) // it is known now
	}
	if f.Request.Method == "HEAD" {
		r.Body = flow.Body{}
	}
	r.Start, r.End, r.Hold, r.Stream = time.Now(), time.Now(), false, false
	f.Response, f.Replay = &r, flow.ReplayedResponse
	return nil
}

// next returns the first recorded flow of a key, and uses it up unless they may be used again.
func (s *ServerReplay) next(key string, o *replaySettings) *flow.Flow {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.index[key]
	if len(at) == 0 {
		return nil
	}
	f := s.entries[at[0]]
	if o.reuse {
		return f
	}
	s.entries[at[0]] = nil
	head := o.headKey(f.Request)
	if s.heads[head]--; s.heads[head] == 0 {
		delete(s.heads, head)
	}
	if s.index[key] = at[1:]; len(at) == 1 {
		delete(s.index, key)
	}
	if s.loaded.Add(-1) == 0 {
		s.entries = nil
	}
	return f
}

// miss does with a request what is to be done with those that no response is there for.
func (s *ServerReplay) miss(f *flow.Flow) {
	at := f.Request.Method + " " + f.Request.PrettyURL()
	switch extra := s.settings.Load().extra; extra {
	case "forward":
	case "kill":
		s.log.Warn("server replay: no response was recorded for " + at + ", which is killed")
		f.Kill(time.Now())
	default:
		s.log.Warn("server replay: no response was recorded for " + at + ", which is answered with " + extra)
		status, _ := strconv.Atoi(extra)
		answer(f, status, "", nil)
	}
}
