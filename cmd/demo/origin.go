package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sluice/proxy/cert"
)

// An origin is the servers of the demo: one over HTTP and one over HTTPS, on
// loopback. They answer for every name below localhost.
type origin struct {
	HTTP, HTTPS int // ports
	Refused     int // a port that nobody listens on
	servers     []*http.Server
	serving     chan error
}

// openOrigin starts the servers. Their certificates are signed by ca.
func openOrigin(ca *cert.Authority) (*origin, error) {
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		plain.Close()
		return nil, err
	}
	refused, err := freePort()
	if err != nil {
		plain.Close()
		secure.Close()
		return nil, err
	}
	o := &origin{HTTP: portOf(plain), HTTPS: portOf(secure), Refused: refused, serving: make(chan error, 2)}
	config := &tls.Config{GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		return ca.LeafForHost(h.ServerName)
	}}
	modern := config.Clone() // the shop speaks HTTP/2
	modern.NextProtos = []string{"h2", "http/1.1"}
	config.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		if strings.HasPrefix(h.ServerName, "shop.") {
			return modern, nil
		}
		return nil, nil
	}
	for _, ln := range []net.Listener{plain, tls.NewListener(secure, config)} {
		s := &http.Server{Handler: routes(), ErrorLog: log.New(nowhere{}, "", 0), ReadHeaderTimeout: time.Minute}
		o.servers = append(o.servers, s)
		go func() { o.serving <- s.Serve(ln) }()
	}
	return o, nil
}

// Close ends the servers and what they have under way.
func (o *origin) Close() error {
	var err error
	for _, s := range o.servers {
		err = errors.Join(err, s.Close())
	}
	for range o.servers {
		<-o.serving
	}
	return err
}

// url returns the address of a path on a host of the origin.
func (o *origin) url(scheme, host, path string) string {
	port := o.HTTP
	if scheme == "https" {
		port = o.HTTPS
	}
	return fmt.Sprintf("%s://%s.localhost:%d%s", scheme, host, port, path)
}

func portOf(ln net.Listener) int { return ln.Addr().(*net.TCPAddr).Port }

// freePort returns a port of loopback that is free now.
func freePort() (int, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer ln.Close()
	return portOf(ln), nil
}

// nowhere swallows what servers have to say about clients that leave.
type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

func routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET shop.localhost/{$}", page)
	m.HandleFunc("GET shop.localhost/search", search)
	m.HandleFunc("POST shop.localhost/login", login)
	m.HandleFunc("POST shop.localhost/cart", cart)
	m.HandleFunc("GET shop.localhost/old", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/", http.StatusMovedPermanently)
	})
	m.HandleFunc("GET api.localhost/v1/products", products)
	m.HandleFunc("POST api.localhost/v1/orders", order)
	m.HandleFunc("PUT api.localhost/v1/orders/{id}", order)
	m.HandleFunc("DELETE api.localhost/v1/orders/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	m.HandleFunc("GET api.localhost/v1/report", slow)
	m.HandleFunc("GET api.localhost/v1/events", events)
	m.HandleFunc("GET api.localhost/v1/broken", broken)
	m.HandleFunc("GET api.localhost/v1/reset", reset)
	m.HandleFunc("POST api.localhost/v1/upload", upload)
	m.HandleFunc("GET chat.localhost/room", room)
	m.HandleFunc("POST api.localhost/shop.Orders/Watch", watch)
	m.HandleFunc("GET bank.localhost/{$}", page)
	m.HandleFunc("GET static.localhost/{name}", static)
	return m
}

// slow answers after two seconds.
func slow(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(2 * time.Second):
		writeJSON(w, 200, map[string]any{"report": "sales", "seconds": 2})
	case <-r.Context().Done():
	}
}

// events streams server-sent events, a second apart.
func events(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.URL.Query().Get("n"))
	if err != nil || n < 1 || n > 100 {
		n = 5
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	flush := http.NewResponseController(w).Flush
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for i := range n {
		if i > 0 {
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
		fmt.Fprintf(w, "id: %d\nevent: price\ndata: {\"product\":%d,\"price\":%d}\n\n", i, i%4+1, 900+10*i)
		if flush() != nil {
			return
		}
	}
}

// reset cuts the connection in the middle of a response.
func reset(w http.ResponseWriter, _ *http.Request) {
	nc, buf, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer nc.Close()
	buf.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nthe first bytes of many")
	buf.Flush()
}
