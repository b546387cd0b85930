package dump

import (
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"sluice/proxy/filter"
	"sluice/proxy/flow"
)

const (
	// gather is how long a flow waits for others that are written with it.
	gather = 200 * time.Millisecond
	// portion is how many bytes a disk is given at once. Flows of fewer that wait are few.
	portion = 256 << 10
	// maxWaiting is how many bytes of flows are kept for a disk that is slow. What comes then is not written.
	maxWaiting = 512 << 20
	// patience is how long a file may take to be opened, or to take anything at the end.
	patience = 2 * time.Second
)

// A Target says where a Stream writes what.
type Target struct {
	// Path is the file, in which strftime fields are filled in for every flow. A + in front appends. Empty: nothing is written.
	Path string
	// Filter lets through what is written; nil: everything.
	Filter *filter.Filter
	// Format is that of the file.
	Format Format
	// Open opens a file of another kind, at Path as it is; nil: it is a flow file.
	Open func(path string) (Output, error)
}

// A Stream writes flows to a file as they end, and at its own end those that have not. Its methods may be called from any
// goroutine. None but Feed waits long for a disk: flows that it is too slow for are kept up to a limit, and counted beyond that.
type Stream struct {
	log      *slog.Logger
	limit    int64 // maxWaiting
	patience time.Duration
	wake     chan struct{} // something is to be done
	room     chan struct{} // less is waiting than before
	over     chan struct{} // everything is done

	mu      sync.Mutex
	on      bool // flows are wanted
	closed  bool
	todo    []task
	waiting int64                  // bytes of flows in todo, and of those that are being written
	taken   int                    // tasks that are worked on, and flows that wait for being written with others
	done    int                    // tasks that are over
	open    map[flow.ID]*flow.Flow // flows that have not ended, as they were last
	lost    int                    // flows that found no room

	moved atomic.Int64 // bytes that the disk has taken
	sink  sink
}

// A task is a flow to be written, or a new target.
type task struct {
	flow *flow.Flow
	set  *setting
}

// A setting is a new target. Whether its file could be opened is sent to opened, which has room for it, and goes to the log
// if nobody waits for it any more.
type setting struct {
	Target
	opened    chan error
	unawaited bool // guarded by mu
}

// NewStream returns a stream that writes nothing until Set. Close must be called.
func NewStream(log *slog.Logger) *Stream {
	s := &Stream{
		log: log, limit: maxWaiting, patience: patience, wake: make(chan struct{}, 1), room: make(chan struct{}, 1), over: make(chan struct{}),
		open: map[flow.ID]*flow.Flow{}, sink: sink{log: log},
	}
	s.sink.moved = &s.moved
	go s.run()
	return s
}

// Set changes where flows go from now on. If the file can't be opened everything stays as it was. A disk that does not say
// so soon has it come to the log, and flows wait.
func (s *Stream) Set(t Target) error {
	set := &setting{Target: t, opened: make(chan error, 1)}
	s.mu.Lock()
	before := s.on
	s.on = t.Path != ""
	s.todo = append(s.todo, task{set: set})
	s.mu.Unlock()
	tell(s.wake)
	late := time.NewTimer(s.patience)
	defer late.Stop()
	select {
	case err := <-set.opened:
		return s.opened(err, before)
	case <-late.C:
	}
	s.mu.Lock()
	set.unawaited = len(set.opened) == 0
	s.mu.Unlock()
	if !set.unawaited {
		return s.opened(<-set.opened, before)
	}
	s.log.Warn("opening " + t.Path + " takes long: flows are kept in memory until it is open")
	return nil
}

// opened is given whether a file could be opened. If not flows are wanted as they were before.
func (s *Stream) opened(err error, before bool) error {
	if err != nil {
		s.mu.Lock()
		s.on = before
		s.mu.Unlock()
	}
	return err
}

func tell(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Put takes snapshots in the order in which they were published.
func (s *Stream) Put(batch []*flow.Flow) { s.putAll(batch, s.limit) }

func (s *Stream) putAll(batch []*flow.Flow, limit int64) {
	s.mu.Lock()
	idle, lost := len(s.todo) == 0, s.lost
	for _, f := range batch {
		s.put(f, limit)
	}
	begin, full := idle && len(s.todo) > 0, lost == 0 && s.lost > 0
	s.mu.Unlock()
	if begin {
		tell(s.wake)
	}
	if full {
		s.log.Error("the disk is too slow, and no more flows are kept in memory for it: those that end now are missing in the file")
	}
}

func (s *Stream) put(f *flow.Flow, limit int64) {
	switch {
	case !s.on:
	case f.Live || f.Intercepted:
		s.open[f.ID] = f
	case s.waiting > limit:
		delete(s.open, f.ID)
		s.lost++
	default:
		delete(s.open, f.ID)
		s.todo = append(s.todo, task{flow: f})
		s.waiting += Weight(f)
	}
}

// Feed is Put for flows that can wait, and that waits until there are few.
func (s *Stream) Feed(batch []*flow.Flow) {
	for s.putAll(batch, math.MaxInt64); ; <-s.room {
		s.mu.Lock()
		few := s.waiting <= portion
		s.mu.Unlock()
		if few {
			return
		}
	}
}

func (s *Stream) run() {
	defer close(s.over)
	var due <-chan time.Time // nil: nothing waits for being written
	for {
		select {
		case <-s.wake:
			if s.work() {
				return
			}
			if due == nil && s.sink.waiting() > 0 {
				due = time.After(gather)
			}
		case <-due:
			due = nil
			s.sink.flush()
			s.gathered()
		}
	}
}

// work does what there is to do. It is true after the last of it.
func (s *Stream) work() (last bool) {
	s.mu.Lock()
	todo := s.todo
	s.todo = nil
	s.taken += len(todo)
	last = s.closed
	s.mu.Unlock()
	done, weight := 0, int64(0)
	for i, t := range todo {
		todo[i] = task{}
		if t.set != nil {
			s.answer(t.set, s.set(t.set.Target))
		} else {
			s.sink.add(t.flow)
			weight += Weight(t.flow)
		}
		if done++; weight >= portion {
			s.finished(done, weight)
			done, weight = 0, 0
		}
	}
	s.finished(done, weight)
	if last {
		s.finish()
	}
	s.gathered()
	return last
}

// gathered notes that all is done but for flows that wait for being written with others.
func (s *Stream) gathered() {
	s.mu.Lock()
	s.taken = s.sink.waiting()
	s.mu.Unlock()
}

// answer says whether a file could be opened.
func (s *Stream) answer(set *setting, err error) {
	s.mu.Lock()
	late := set.unawaited
	set.opened <- err
	s.mu.Unlock()
	if late && err != nil {
		s.log.Error(err.Error() + ". Flows go on to where they went before: set save_stream_file anew.")
	}
}

// finished counts tasks that are done with.
func (s *Stream) finished(tasks int, weight int64) {
	s.mu.Lock()
	s.waiting -= weight
	s.done += tasks
	if s.lost > 0 && s.waiting <= portion {
		s.sink.missed += s.lost
		s.sink.lost += s.lost
		s.lost = 0
	}
	s.mu.Unlock()
	tell(s.room)
}

// set goes on with another target.
func (s *Stream) set(t Target) error {
	if s.sink.goesOn(&t) {
		s.sink.flush()
		s.sink.retarget(t)
		return nil
	}
	var file Output
	var path string
	now := time.Now()
	if t.Path != "" {
		var err error
		if file, path, err = t.file(now, false); err != nil {
			return err
		}
	}
	s.finish()
	if err := missing(s.sink.missed, s.sink.path); err != nil {
		s.log.Warn(err.Error())
	}
	s.sink = sink{log: s.log, moved: &s.moved, target: t, file: file, path: path, latest: clock(now)}
	s.sink.follow()
	s.sink.tell()
	return nil
}
