package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the journeys of testdata, which need no terminal. Besides the
// commands of testscript they have
//
//	world             start an origin; sets ORIGIN, CONFDIR, PORT, and OTHER, another free port
//	busy              take a port; sets BUSY
//	dump [flag...]    start sluice dump for that world and wait until it listens
//	as USER:PASS      log in to the proxy from now on
//	get PATH STATUS [FIELD...]   ask the origin through the proxy with header fields, and print what it says; ! get fails
//	ended             wait until sluice dump ends by itself, and the same
//	end               end sluice dump by SIGTERM; stdout and stderr are its output then
//	pki               make certificates, see scriptPKI
//	openssl [flag...] start openssl s_server in place of the one before; sets SERVER, a host and port
//	har FILE          print the flows of an HTTP archive
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"world": scriptWorld, "busy": scriptBusy, "dump": scriptDump, "get": scriptGet, "as": scriptAs, "end": scriptEnd, "ended": scriptEnded,
			"har": scriptHAR, "pki": scriptPKI, "openssl": scriptOpenSSL,
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("GORACE", "atexit_sleep_ms=10")
			flows, err := filepath.Abs("../../flowstore/dump/testdata")
			e.Setenv("FLOWS", flows)
			if err != nil {
				return err
			}
			e.Values[scriptKey{}] = &scriptState{t: t}
			return nil
		},
	})
}

type scriptKey struct{}

// scriptState is what the commands of one script share.
type scriptState struct {
	t    *testing.T
	w    *world
	dump *exec.Cmd
	out  strings.Builder
	log  strings.Builder
	read chan struct{} // closed when all of log has been read

	server *exec.Cmd // openssl s_server
}

func stateOf(ts *testscript.TestScript) *scriptState { return ts.Value(scriptKey{}).(*scriptState) }

func scriptWorld(ts *testscript.TestScript, _ bool, _ []string) {
	s := stateOf(ts)
	s.w = newWorld(s.t)
	ts.Setenv("ORIGIN", s.w.origin.URL)
	ts.Setenv("CONFDIR", s.w.confdir)
	ts.Setenv("PORT", strconv.Itoa(s.w.port))
	ts.Setenv("OTHER", strconv.Itoa(freePort(s.t)))
}

func scriptBusy(ts *testscript.TestScript, _ bool, _ []string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ln.Close() })
	ts.Setenv("BUSY", strconv.Itoa(ln.Addr().(*net.TCPAddr).Port))
}

func scriptDump(ts *testscript.TestScript, _ bool, args []string) {
	s := stateOf(ts)
	s.dump = exec.Command("sluice", append(append([]string{"dump"}, s.w.flags()...), args...)...)
	s.dump.Dir, s.dump.Stdout = ts.MkAbs("."), &s.out
	log, err := s.dump.StderrPipe()
	ts.Check(err)
	ts.Check(s.dump.Start())
	ts.Defer(func() { s.dump.Process.Kill() })
	lines := bufio.NewReader(log)
	for {
		line, err := lines.ReadString('\n')
		s.log.WriteString(line)
		if err != nil {
			ts.Fatalf("dump has ended: %s", s.log.String())
		}
		if strings.Contains(line, "listening at") {
			break
		}
	}
	s.read = make(chan struct{})
	go func() {
		defer close(s.read)
		io.Copy(&s.log, lines)
	}()
}

func scriptAs(ts *testscript.TestScript, _ bool, args []string) {
	s := stateOf(ts)
	user, pass, _ := strings.Cut(args[0], ":")
	s.w.client.Transport.(*http.Transport).Proxy = http.ProxyURL(&url.URL{Scheme: "http", User: url.UserPassword(user, pass),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.w.port))})
}

func scriptGet(ts *testscript.TestScript, neg bool, args []string) {
	s := stateOf(ts)
	if len(args) < 2 {
		ts.Fatalf("usage: get PATH STATUS [FIELD...]")
	}
	a := <-s.w.ask("GET", args[0], "", args[2:]...)
	if neg {
		if a.err == nil {
			ts.Fatalf("there was an answer with status %d", a.status)
		}
		_, _ = io.WriteString(ts.Stdout(), a.err.Error())
		return
	}
	ts.Check(a.err)
	_, _ = io.WriteString(ts.Stdout(), a.body)
	if got := strconv.Itoa(a.status); got != args[1] {
		ts.Fatalf("status %s, want %s", got, args[1])
	}
}

func scriptEnd(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(stateOf(ts).dump.Process.Signal(syscall.SIGTERM))
	scriptEnded(ts, neg, args)
}

func scriptEnded(ts *testscript.TestScript, _ bool, _ []string) {
	s := stateOf(ts)
	s.w.client.CloseIdleConnections()
	<-s.read
	err := s.dump.Wait()
	_, _ = io.WriteString(ts.Stdout(), s.out.String())
	_, _ = io.WriteString(ts.Stderr(), s.log.String())
	s.out.Reset()
	s.log.Reset()
	ts.Check(err)
}
