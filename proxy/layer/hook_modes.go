package layer

import "sluice/proxy/flow"

// SOCKS5Auth asks whether a client may use the proxy. An addon sets Valid.
type SOCKS5Auth struct {
	Client   *flow.Client
	User     string
	Password string
	Valid    bool
}

// Command marks a command.
func (*SOCKS5Auth) Command() {}

// Name returns the hook's name.
func (*SOCKS5Auth) Name() string { return "socks5_auth" }
