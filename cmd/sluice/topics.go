package main

import "github.com/spf13/cobra"

// topics are pages of help that belong to no command.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "modes", Short: "What the proxy can be to its clients", Long: modesTopic},
		{Use: "transparent", Short: "How to lead traffic to the transparent mode", Long: transparentTopic},
		{Use: "wireguard", Short: "How to lead a device here through a tunnel", Long: wireguardTopic},
		{Use: "tls", Short: "What to do when TLS fails", Long: tlsTopic},
		{Use: "rules", Short: "How to change what passes by rules", Long: rulesTopic},
		{Use: "replay", Short: "How to send requests again, and to answer from a recording", Long: replayTopic},
		{Use: "messages", Short: "How to hold, edit and make WebSocket, TCP and UDP messages", Long: messagesTopic},
		{Use: "bodies", Short: "How much of large bodies is kept", Long: bodiesTopic},
		{Use: "files", Short: "How flow files and HTTP archives are read and written", Long: filesTopic},
	}
}

const modesTopic = `A mode says what the proxy is to its clients. Name several to have them all at once:

    sluice --mode regular --mode socks5 --mode reverse:https://example.com@8443

    regular             an HTTP proxy; port 8080
    upstream:URL        the same, and all goes on to another proxy: http, https or socks5://host:port
    socks5              a SOCKS version 5 proxy; port 1080
    reverse:URL         in the place of a server; port 8080. The URL has one of the schemes http,
                        https, http2 (without TLS, as for gRPC), tcp, tls, udp and dns (port 53)
    transparent         for clients that do not know of it; Linux; see sluice help transparent
    dns                 a DNS server, by UDP and TCP; port 53
    wireguard           the far end of a WireGuard tunnel; UDP port 51820; see sluice help wireguard
    wireguard:FILE      the same, with the keys in FILE

Behind each, @port or @host:port says where it listens instead. In the console
":set mode regular socks5" changes the modes while clients are connected; those of unchanged modes notice nothing.

Not there yet: local and tun, and the schemes http3, quic and dtls.`

const transparentTopic = `In transparent mode clients are led to the proxy on their way to a server. They need to trust its
certificate, and nothing else. The kernel does the leading; nftables tells it what to lead here.

For the devices in a network whose gateway is this machine, as root:

    sysctl -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    nft -f - <<END
    table inet sluice {
        chain prerouting {
            type nat hook prerouting priority dstnat
            iifname "eth1" tcp dport { 80, 443 } redirect to :8080
        }
    }
    END
    sluice --mode transparent

For the programs of this machine the proxy runs as a user of its own, whose traffic is left alone:

    nft -f - <<END
    table inet sluice {
        chain output {
            type nat hook output priority -100
            meta skuid "sluice" accept
            tcp dport { 80, 443 } redirect to :8080
        }
    }
    END
    sudo -u sluice sluice --mode transparent

"nft delete table inet sluice" puts an end to it.`

const wireguardTopic = `In wireguard mode the proxy is the far end of a WireGuard tunnel. Whatever a device sends through it, TCP and UDP of all
programs, is seen as in transparent mode, without root and without settings on the way. Start it:

    sluice --mode wireguard

The event log (E in the console) shows a configuration for the device's WireGuard app. It holds a private key; Endpoint
is this machine as its network sees it, which may need another address from elsewhere. Once the tunnel is up, open
http://mitm.it/ through it for the certificate. Names are asked at 10.0.0.53, which is the proxy itself, so they are
flows too; dns_name_servers says whom it asks. QUIC is not answered, so that clients go on over TCP, where they are
seen; what matches ignore_hosts or udp_hosts passes all the same.

The keys are in wireguard.conf in confdir, are made at the first start, and stay. A file of mitmproxy's is read as it is:
--mode wireguard:~/.mitmproxy/wireguard.conf. Whoever has them can use the proxy. One device at a time can use them;
for another one start a second tunnel, with a file and a port of its own: --mode wireguard:FILE@51821.`
