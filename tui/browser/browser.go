// Package browser starts browsers whose traffic goes through the proxy, each with a profile of its own that is
// thrown away when it ends. It shows nothing; a Launcher may be used from any goroutine.
package browser

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Names are the browsers that can be asked for.
func Names() []string { return []string{"chrome", "chromium", "firefox"} }

// A Launcher knows the browsers it has started. The zero value has started none.
type Launcher struct {
	// Failed is told of browsers that end with an error by themselves, on any goroutine. nil: nobody is.
	Failed func(error)

	mu      sync.Mutex
	closed  bool
	running map[*exec.Cmd]bool
	ended   sync.WaitGroup
}

// Start starts a browser that uses the proxy at addr, host:port. It trusts ca, the proxy's authority, where that is
// possible for one profile only; nil: it does not. Start returns what to tell the person; it does not wait for the browser.
func (l *Launcher) Start(name, addr string, ca *x509.Certificate) (string, error) {
	k := kinds[name]
	if k == nil {
		return "", fmt.Errorf("invalid browser name %q: take chrome, chromium or firefox", name)
	}
	host, port, ok := splitAddr(addr)
	if !ok {
		return "", errors.New("the proxy listens nowhere that a browser could use: set server=true and a mode with a TCP port")
	}
	profile, err := os.MkdirTemp("", "sluice-browser-")
	if err != nil {
		return "", fmt.Errorf("start a browser: %w", err)
	}
	trusts, err := true, error(nil)
	if name == "firefox" {
		trusts, err = trust(profile, ca)
	}
	var cmd *exec.Cmd
	if err == nil {
		cmd, err = k(target{name, profile, host, port, ca})
	}
	if err == nil {
		err = l.run(name, cmd, profile)
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("start %s: %w", name, err), os.RemoveAll(profile))
	}
	if !trusts {
		return "Started firefox. It does not trust the proxy's certificate yet: get that at http://mitm.it, or install certutil (of NSS) for the next time.", nil
	}
	return "Started " + name + ".", nil
}

// run starts a command and removes its profile when it has ended.
func (l *Launcher) run(name string, cmd *exec.Cmd, profile string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return errors.New("the console is ending")
	}
	own(cmd)
	said := &tail{}
	cmd.Stderr, cmd.WaitDelay = said, time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	if l.running == nil {
		l.running = map[*exec.Cmd]bool{}
	}
	l.running[cmd] = true
	l.ended.Go(func() {
		err := cmd.Wait()
		l.mu.Lock()
		delete(l.running, cmd)
		closed := l.closed
		l.mu.Unlock()
		if _, exit := errors.AsType[*exec.ExitError](err); exit && !closed && l.Failed != nil {
			l.Failed(fmt.Errorf("%s has ended (%w): %s", name, err, cmp.Or(lastLine(said.b), "it does not say why")))
		}
		_ = os.RemoveAll(profile)
	})
	return nil
}

// Close ends all browsers and waits until their profiles are gone.
func (l *Launcher) Close() {
	l.mu.Lock()
	l.closed = true
	for cmd := range l.running {
		kill(cmd)
	}
	l.mu.Unlock()
	l.ended.Wait()
}

// splitAddr splits the address that a proxy listens at; one for all addresses is reached at this machine's.
func splitAddr(addr string) (host, port string, ok bool) {
	i := strings.LastIndexByte(addr, ':')
	if i < 0 {
		return "", "", false
	}
	host, port = strings.Trim(addr[:i], "[]"), addr[i+1:]
	switch host {
	case "*", "", "::", "0.0.0.0":
		host = "127.0.0.1"
	}
	return host, port, true
}
