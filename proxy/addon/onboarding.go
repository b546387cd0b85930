package addon

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"sluice/proxy/cert"
	"sluice/proxy/flow"
	"sluice/proxy/layer"
	"sluice/proxy/option"
)

//go:embed onboarding.html
var onboardingHTML string

// Onboarding serves clients of the proxy, at a host name that leads nowhere else, a page from which they can fetch the certificate of the CA,
// and says how to install it.
type Onboarding struct {
	host atomic.Pointer[string] // "": off
	ca   *cert.Authority
	log  *slog.Logger
}

// NewOnboarding returns the addon, which follows onboarding and onboarding_host from now on.
func NewOnboarding(opts *option.Options, ca *cert.Authority, log *slog.Logger) *Onboarding {
	o := &Onboarding{ca: ca, log: log}
	_ = opts.Follow(func() error {
		host := OnboardingHost(opts)
		o.host.Store(&host)
		return nil
	}, "onboarding", "onboarding_host")
	return o
}

// OnboardingHost returns the host name of the page, without a dot at its end; "" if there is none.
func OnboardingHost(opts *option.Options) string {
	if !opts.Bool("onboarding") {
		return ""
	}
	return strings.TrimSuffix(opts.Str("onboarding_host"), ".")
}

// Handle answers requests to the host, on any port. It has tunnels to it open without a connection to a server, for there
// need not be one.
func (o *Onboarding) Handle(h layer.Hook) <-chan layer.Verdict {
	switch h := h.(type) {
	case *layer.HTTPConnect:
		if f := h.Flow; unanswered(f) && o.named(f.Request.Host) {
			f.Response = &flow.Response{Status: 200, Reason: "Connection established", HTTPMessage: flow.HTTPMessage{Version: f.Request.Version}}
		}
	case *layer.TLSClientHello:
		if o.named(h.Context.Server.Address.Host) {
			h.ServerFirst = false
		}
	case *layer.RequestHeaders:
		if unanswered(h.Flow) && o.named(h.Flow.Request.PrettyHost()) {
			o.serve(h.Flow)
		}
	}
	return nil
}

// named reports whether a host is the one that is answered for.
func (o *Onboarding) named(host string) bool {
	own := *o.host.Load()
	return own != "" && strings.EqualFold(strings.TrimSuffix(host, "."), own)
}

func (o *Onboarding) serve(f *flow.Flow) {
	path, _, _ := strings.Cut(f.Request.Path, "?")
	file, kind := "", ""
	var data []byte
	var err error
	switch path {
	case "/", "/index.html":
		kind = "text/html; charset=utf-8"
		data = o.page()
	case "/cert/pem":
		file, kind, data = "sluice-ca-cert.pem", "application/x-x509-ca-cert", o.ca.CertPEM()
	case "/cert/cer":
		file, kind, data = "sluice-ca-cert.cer", "application/x-x509-ca-cert", o.ca.CertPEM()
	case "/cert/p12":
		file, kind = "sluice-ca-cert.p12", "application/x-pkcs12"
		data, err = o.ca.CertP12()
	case "/cert/magisk":
		file, kind = "sluice-magisk-module.zip", "application/zip"
		data, err = magiskModule(o.ca.Certificate(), o.ca.CertPEM())
	default:
		answer(f, http.StatusNotFound, "text/plain; charset=utf-8", []byte("There is nothing here. The certificate is at http://"+f.Request.PrettyHost()+"/\n"))
		return
	}
	if err != nil {
		o.log.Error("the page with the certificate could not be made", "path", path, "err", err)
		answer(f, http.StatusInternalServerError, "text/plain; charset=utf-8", []byte("The proxy could not make this page: see its event log.\n"))
		return
	}
	answer(f, http.StatusOK, kind, data)
	h := f.Response.Headers.Add("Cache-Control", "no-store")
	if file != "" {
		h = h.Add("Content-Disposition", `attachment; filename="`+file+`"`)
	}
	f.Response.Headers = h
}

// page fills in what has nothing in it that HTML would take for its own.
func (o *Onboarding) page() []byte {
	c := o.ca.Certificate()
	sum := sha256.Sum256(c.Raw)
	fill := strings.NewReplacer("{{fingerprint}}", strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":"), "{{until}}", c.NotAfter.Format("2 January 2006"))
	return []byte(fill.Replace(onboardingHTML))
}
