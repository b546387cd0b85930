package proxy

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	mdns "github.com/miekg/dns"

	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/wire/dns"
)

const (
	resolveTimeout = 6 * time.Second // for a question, whatever is tried
	serverTimeout  = 2 * time.Second // for one name server, unless it is the last
	maxResolving   = 1024            // questions at once
	maxServers     = 3
	hostsTTL       = 60 // seconds
	resolvConf     = "/etc/resolv.conf"
	hostsFile      = "/etc/hosts"
)

// ResolveConfig says where answers to DNS questions come from.
type ResolveConfig struct {
	// Servers are addresses of name servers, with or without a port. Empty: the system's.
	Servers []string
	// Hosts answers names from the system's hosts file first.
	Hosts bool
}

// A resolver answers DNS questions from the hosts file and from name servers. Who asks what is being asked already
// waits for that answer, so that a question which comes back to the proxy causes no other one.
type resolver struct {
	e     *Engine
	hosts hostsCache

	mu      sync.Mutex
	pending map[string]*lookup
}

// A lookup is a question under way. The answer may be read once done is closed.
type lookup struct {
	done chan struct{}
	raw  []byte
	err  error
}

// resolve carries out a Resolve.
func (c *client) resolve(cmd *layer.Resolve) {
	l, err := c.e.resolver.begin(cmd)
	if err != nil {
		c.todo = append(c.todo, &layer.Resolved{Cmd: cmd, Err: err})
		return
	}
	c.wg.Go(func() {
		select {
		case <-l.done:
			c.post(&layer.Resolved{Cmd: cmd, Raw: slices.Clone(l.raw), Err: l.err})
		case <-c.done:
		}
	})
}

// begin asks a question, or joins who asks the same.
func (r *resolver) begin(cmd *layer.Resolve) (*lookup, error) {
	if len(cmd.Raw) < 2 {
		return nil, errors.New("not a DNS question")
	}
	key := fmt.Sprint(cmd.Large, string(cmd.Raw[2:])) // all but the id
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.pending[key]; l != nil {
		return l, nil
	}
	if len(r.pending) >= maxResolving {
		return nil, errors.New("too many DNS questions at once")
	}
	l := &lookup{done: make(chan struct{})}
	if r.pending == nil {
		r.pending = map[string]*lookup{}
	}
	r.pending[key] = l
	r.e.wg.Go(func() {
		ctx, cancel := context.WithTimeout(r.e.force, resolveTimeout)
		defer cancel()
		l.raw, l.err = r.find(ctx, cmd)
		r.mu.Lock()
		delete(r.pending, key)
		r.mu.Unlock()
		close(l.done)
	})
	return l, nil
}

// find answers a question.
func (r *resolver) find(ctx context.Context, cmd *layer.Resolve) ([]byte, error) {
	cfg := ResolveConfig{}
	if p := r.e.cfg.Resolve; p != nil {
		cfg = *p.Load()
	}
	if m := r.local(cmd.Question, cfg.Hosts); m != nil {
		return dns.Encode(m)
	}
	servers, err := nameServers(cfg.Servers)
	if err != nil {
		return nil, err
	}
	for i, s := range servers {
		once, cancel := ctx, context.CancelFunc(func() {})
		if i < len(servers)-1 {
			once, cancel = context.WithTimeout(ctx, serverTimeout)
		}
		var raw []byte
		raw, err = r.exchange(once, s, cmd)
		cancel()
		if err == nil {
			return raw, nil
		}
	}
	return nil, err
}

// local answers what no name server needs to be asked; nil if it does.
func (r *resolver) local(q *flow.DNSMessage, hosts bool) *flow.DNSMessage {
	if q.OpCode != mdns.OpcodeQuery || len(q.Questions) != 1 || q.Questions[0].Class != mdns.ClassINET {
		return nil
	}
	ask := q.Questions[0]
	if ask.Type != mdns.TypeA && ask.Type != mdns.TypeAAAA {
		return nil
	}
	name := strings.ToLower(ask.Name)
	var ips []netip.Addr
	if hosts {
		ips = r.hosts.lookup(name)
	}
	if ips == nil && (name == "localhost" || strings.HasSuffix(name, ".localhost")) { // RFC 6761 §6.3
		ips = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
	}
	if ips == nil {
		return nil
	}
	m := q.Fail(flow.DNSNoError, q.Time)
	for _, ip := range ips {
		if ip.Is4() == (ask.Type == mdns.TypeA) {
			m.Answers = append(m.Answers, flow.DNSRecord{Name: ask.Name, Type: ask.Type, Class: ask.Class, TTL: hostsTTL, Data: ip.AsSlice()})
		}
	}
	return m
}

// exchange asks one server, and again by TCP if the answer is too large for a datagram (RFC 7766 §5).
func (r *resolver) exchange(ctx context.Context, server string, cmd *layer.Resolve) ([]byte, error) {
	raw, err := r.ask(ctx, "udp", server, cmd)
	if err == nil && cmd.Large && raw[2]&2 != 0 { // TC
		raw, err = r.ask(ctx, "tcp", server, cmd)
	}
	switch {
	case errors.Is(err, errSelf):
		err = fmt.Errorf("the name server %s is this proxy itself: set dns_name_servers to another one", server)
	case ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("no answer from the name server %s: set dns_name_servers to another one", server)
	}
	return raw, err
}

// ask sends a question to a server and waits for the answer to it.
func (r *resolver) ask(ctx context.Context, network, server string, cmd *layer.Resolve) ([]byte, error) {
	dial := r.e.cfg.DialUDP
	if network == "tcp" {
		dial = r.e.cfg.Dial
	}
	nc, err := dial(ctx, server)
	if err != nil {
		return nil, err
	}
	defer nc.Close()
	defer context.AfterFunc(ctx, func() { nc.Close() })()
	q := slices.Clone(cmd.Raw)
	_, _ = rand.Read(q[:2]) // never fails: an id that nobody can guess (RFC 5452 §9.2)
	out := q
	if network == "tcp" {
		out = dns.AppendFrame(nil, q)
	}
	if _, err := nc.Write(out); err != nil {
		return nil, err
	}
	b := make([]byte, 1<<16)
	for {
		raw, err := readMessage(nc, network, b)
		if err != nil {
			return nil, err
		}
		if answers(raw, q, cmd.Question) {
			return slices.Clone(raw), nil
		}
	}
}

func readMessage(nc net.Conn, network string, b []byte) ([]byte, error) {
	if network == "udp" {
		n, err := nc.Read(b)
		return b[:n], err
	}
	if _, err := io.ReadFull(nc, b[:2]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint16(b)
	_, err := io.ReadFull(nc, b[:size])
	return b[:size], err
}

// answers reports whether raw is the answer to what was sent, and not something that somebody else made up (RFC 5452 §9.1).
func answers(raw, sent []byte, q *flow.DNSMessage) bool {
	m, err := dns.Decode(raw)
	if err != nil || m.Query || raw[0] != sent[0] || raw[1] != sent[1] {
		return false
	}
	return len(m.Questions) == 0 && m.ResponseCode != flow.DNSNoError ||
		slices.EqualFunc(m.Questions, q.Questions, func(a, b flow.DNSQuestion) bool {
			return a.Type == b.Type && a.Class == b.Class && strings.EqualFold(a.Name, b.Name)
		})
}

// nameServers returns the addresses to ask, with ports.
func nameServers(configured []string) ([]string, error) {
	if len(configured) > 0 {
		var list []string
		for _, s := range configured {
			addr, err := nameServerAddr(s)
			if err != nil {
				return nil, err
			}
			list = append(list, addr)
		}
		return list, nil
	}
	c, err := mdns.ClientConfigFromFile(resolvConf)
	if err != nil || len(c.Servers) == 0 {
		return nil, errors.New("cannot resolve names: the system has no name servers; set dns_name_servers")
	}
	var list []string
	for _, s := range c.Servers[:min(len(c.Servers), maxServers)] {
		list = append(list, net.JoinHostPort(s, c.Port))
	}
	return list, nil
}

// nameServerAddr reads the address of a name server, with or without a port.
func nameServerAddr(s string) (string, error) {
	if ip, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return netip.AddrPortFrom(ip, 53).String(), nil
	}
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return "", fmt.Errorf("%q is not a name server: give an IP address such as 192.0.2.53, or 192.0.2.53:5353", s)
	}
	return ap.String(), nil
}
