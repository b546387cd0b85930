package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// A terminal is a pseudo-terminal with a program in it, and the screen that
// somebody in front of it would see.
type terminal struct {
	t      *testing.T
	ptm    *os.File // our end
	pts    *os.File // the program's
	cmd    *exec.Cmd
	before unix.Termios
	races  string // folder of what the race detector has to say

	mu     sync.Mutex
	news   sync.Cond // the screen has changed, or the program or the time has ended
	screen *vt.Emulator
	modes  map[ansi.Mode]bool
	cursor bool
	exited bool
	late   bool
	status error
}

// openTerminal runs a program in a new terminal. It is killed if it has not ended when the test does.
func openTerminal(t *testing.T, w, h int, env []string, name string, args ...string) *terminal {
	t.Helper()
	ptm, pts, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, ptm: ptm, pts: pts, races: t.TempDir(), screen: vt.NewEmulator(w, h), modes: map[ansi.Mode]bool{}, cursor: true}
	x.news.L = &x.mu
	x.before = x.termios()
	if err := pty.Setsize(ptm, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)}); err != nil {
		t.Fatal(err)
	}
	x.screen.SetCallbacks(vt.Callbacks{
		CursorVisibility: func(on bool) { x.cursor = on },
		EnableMode:       func(m ansi.Mode) { x.modes[m] = true },
		DisableMode:      func(m ansi.Mode) { delete(x.modes, m) },
	})
	x.cmd = exec.Command(name, args...)
	x.cmd.Stdin, x.cmd.Stdout, x.cmd.Stderr = pts, pts, pts
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	x.cmd.Env = append(os.Environ(), append([]string{"TERM=xterm-256color", "COLORTERM=truecolor", "NO_COLOR=",
		"GORACE=exitcode=0 atexit_sleep_ms=10 log_path=" + filepath.Join(x.races, "race")}, env...)...)
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	x.attend()
	return x
}

// attend copies between the program and the screen, and waits for the program's end.
func (x *terminal) attend() {
	var all sync.WaitGroup
	all.Go(func() {
		b := make([]byte, 32<<10)
		for {
			n, err := x.ptm.Read(b)
			if err != nil {
				return
			}
			x.mu.Lock()
			x.screen.Write(b[:n])
			x.news.Broadcast()
			x.mu.Unlock()
		}
	})
	all.Go(func() { io.Copy(x.ptm, x.screen) }) // what the terminal answers to queries
	all.Go(func() {
		err := x.cmd.Wait()
		x.mu.Lock()
		x.exited, x.status = true, err
		x.news.Broadcast()
		x.mu.Unlock()
	})
	alarm := time.AfterFunc(timeLeft(x.t), func() {
		x.mu.Lock()
		x.late = true
		x.news.Broadcast()
		x.mu.Unlock()
	})
	x.t.Cleanup(func() {
		alarm.Stop()
		x.cmd.Process.Kill()
		x.pts.Close()
		x.ptm.Close()
		x.screen.InputPipe().(io.Closer).Close()
		all.Wait()
	})
}

// timeLeft is the time that a test may wait: what go test gives it but for what the report of its failure takes.
func timeLeft(t *testing.T) time.Duration {
	end, ok := t.Deadline()
	if !ok {
		return time.Hour
	}
	return max(time.Until(end)-10*time.Second, time.Second)
}

func (x *terminal) termios() unix.Termios {
	x.t.Helper()
	s, err := unix.IoctlGetTermios(int(x.pts.Fd()), unix.TCGETS)
	if err != nil {
		x.t.Fatal(err)
	}
	return *s
}

// press types keys.
func (x *terminal) press(keys ...string) {
	x.t.Helper()
	if _, err := io.WriteString(x.ptm, strings.Join(keys, "")); err != nil {
		x.t.Fatal(err)
	}
}

// The keys that are no letters.
const (
	keyEnter = "\r"
	keyTab   = "\t"
	keyEsc   = "\x1b"
	keyDown  = "\x1b[B"
	keyCtrlU = "\x15"
	keyCtrlC = "\x03"
)

// resize changes the size of the terminal.
func (x *terminal) resize(w, h int) {
	x.t.Helper()
	x.mu.Lock()
	x.screen.Resize(w, h)
	x.mu.Unlock()
	if err := pty.Setsize(x.ptm, &pty.Winsize{Rows: uint16(h), Cols: uint16(w)}); err != nil {
		x.t.Fatal(err)
	}
}

// see waits until the screen shows all of some texts.
func (x *terminal) see(texts ...string) {
	x.t.Helper()
	x.until("see "+strings.Join(texts, ", "), func(screen string) bool {
		for _, s := range texts {
			if !strings.Contains(screen, s) {
				return false
			}
		}
		return true
	})
}

// miss waits until the screen does not show a text any more.
func (x *terminal) miss(text string) {
	x.t.Helper()
	x.until("miss "+text, func(screen string) bool { return !strings.Contains(screen, text) })
}

// seeLine waits until one line of the screen has all of some texts, in order.
func (x *terminal) seeLine(texts ...string) {
	x.t.Helper()
	x.until("see a line with "+strings.Join(texts, ", "), func(screen string) bool {
		for line := range strings.Lines(screen) {
			rest, ok := line, true
			for _, s := range texts {
				if _, rest, ok = strings.Cut(rest, s); !ok {
					break
				}
			}
			if ok {
				return true
			}
		}
		return false
	})
}

func (x *terminal) until(what string, ok func(screen string) bool) {
	x.t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	for !ok(x.screen.String()) {
		if x.exited {
			x.t.Fatalf("the program has ended (%v); wanted to %s on\n%s", x.status, what, x.screen.String())
		}
		if x.late {
			x.t.Fatalf("wanted to %s on\n%s", what, x.screen.String())
		}
		x.news.Wait()
	}
}

// await receives what must come because of what was pressed.
func await[T any](x *terminal, what string, from <-chan T) T {
	x.t.Helper()
	alarm := time.NewTimer(timeLeft(x.t))
	defer alarm.Stop()
	select {
	case v := <-from:
		return v
	case <-alarm.C:
		x.t.Fatalf("no %s comes; the screen is\n%s", what, x.text())
		panic("unreachable")
	}
}

// text returns what the screen shows.
func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.screen.String()
}

// ended waits for the program's end and returns its error. The terminal must be as it was before.
func (x *terminal) ended() error {
	x.t.Helper()
	x.mu.Lock()
	for !x.exited && !x.late {
		x.news.Wait()
	}
	if !x.exited {
		defer x.mu.Unlock()
		x.t.Fatalf("the program does not end:\n%s", x.screen.String())
	}
	x.mu.Unlock()
	x.settle()
	x.noRaces()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.screen.IsAltScreen() {
		x.t.Error("the alternate screen is left on")
	}
	if !x.cursor {
		x.t.Error("the cursor is left hidden")
	}
	for m := range x.modes {
		switch m {
		case ansi.ModeMouseNormal, ansi.ModeMouseButtonEvent, ansi.ModeMouseAnyEvent, ansi.ModeMouseExtSgr,
			ansi.ModeBracketedPaste, ansi.ModeFocusEvent:
			x.t.Errorf("mode %v is left on", m)
		}
	}
	if now := x.termios(); now != x.before {
		x.t.Errorf("the settings of the terminal are changed: %+v, were %+v", now, x.before)
	}
	return x.status
}

// noRaces fails the test if the program was built with the race detector and has a
// race, but for those of cancelreader, which closes a file that it may just be reading from.
func (x *terminal) noRaces() {
	x.t.Helper()
	logs, err := filepath.Glob(filepath.Join(x.races, "*"))
	if err != nil {
		x.t.Fatal(err)
	}
	for _, log := range logs {
		data, err := os.ReadFile(log)
		if err != nil {
			x.t.Fatal(err)
		}
		for report := range strings.SplitSeq(string(data), "==================\n") {
			if strings.Contains(report, "DATA RACE") && !strings.Contains(report, "muesli/cancelreader") {
				x.t.Errorf("the program has a race:\n%s", report)
			}
		}
	}
}

// settle waits until the screen shows all that the program has written: what we write behind it now comes last.
func (x *terminal) settle() {
	x.t.Helper()
	const mark = "this is the end of it"
	if _, err := io.WriteString(x.pts, mark); err != nil {
		x.t.Fatal(err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for !strings.Contains(strings.ReplaceAll(x.screen.String(), "\n", ""), mark) {
		if x.late {
			x.t.Fatalf("the last words are missing on\n%s", x.screen.String())
		}
		x.news.Wait()
	}
}
