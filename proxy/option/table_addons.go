package option

func addonSpecs() []Spec {
	return []Spec{
		boolean("anticache", false, "Strip the request headers that let a server answer 304 Not Modified."),
		boolean("anticomp", false, "Ask servers for bodies that are not compressed."),
		boolean("block_global", true, "Refuse clients with a globally routable address."),
		list("block_list", "Answer requests that match with a status: /filter/status. 444 closes the connection without an answer."),
		boolean("block_private", false, "Refuse clients with a private address; loopback is always let in."),
		boolean("command_history", true, "Keep the commands typed at the prompt from one run to the next."),
		list("dns_name_servers", "Addresses of the name servers to ask, each with an optional :port; none asks the system's.").checked(nameServers),
		boolean("dns_use_hosts_file", true, "Answer names from the hosts file first."),
		boolean("export_preserve_original_ip", false, "Export curl commands that connect to the address the flow used."),
		text("hardump", "", "Write all flows to this HTTP Archive, in the console at the end; - is the standard output, which -q keeps free of all else; .zhar is compressed."),
		optionalText("intercept", "Hold flows that match this filter until they are resumed."),
		boolean("intercept_active", false, "Whether the intercept filter holds anything."),
		boolean("keep_alt_svc_header", false, "Leave Alt-Svc headers as they are, although they lead clients past the proxy."),
		boolean("onboarding", true, "Serve a page from which clients can fetch the certificate of the CA."),
		text("onboarding_host", "mitm.it", "Host name of that page."),
		optionalText("proxyauth", "Ask clients to log in: user:pass, any, or @FILE with an htpasswd file. Logins through LDAP are not there yet."),
		optionalText("readfile_filter", "Load only flows that match this filter."),
		optionalText("rfile", "Load the flows of this file at the start; - is the standard input of dump."),
		optionalText("save_stream_file", "Write flows to this file as they end. A + in front appends; strftime fields in the name are filled in."),
		optionalText("save_stream_filter", "Write only flows that match this filter."),
		number("save_format", 21, "Version of the flow files that are written: 21, or 8 for mitmproxy 8 and older.").checked(saveFormat),
		list("scripts", "Scripts to run. In a config file a relative path starts at the file's directory.").
			later("change messages with map_local, map_remote, modify_body, modify_headers and block_list, or at the prompt"),
		optionalText("stickyauth", "Repeat the Authorization header in later requests that match this filter."),
		optionalText("stickycookie", "Repeat cookies that were set in later requests that match this filter."),
		boolean("strip_ech", true, "Remove Encrypted Client Hello from DNS HTTPS records."),
		list("upstream_routes", "Reach some servers through a proxy of their own, whatever the mode: SERVER=PROXY, as in *.example.com=http://proxy:3128. "+
			"The server may be a network or have a port, the proxy may be socks5://host:port or direct. The first that fits counts."),
		optionalText("upstream_auth", "Log in to upstream proxies and reverse targets with user:pass.").checked(userPass),
	}
}

func replaySpecs() []Spec {
	return []Spec{
		list("client_replay", "Send the requests of these files again at the start."),
		number("client_replay_concurrency", 1, "How many requests are replayed at a time: 1, or -1 for no limit.").checked(oneOrUnlimited),
		list("server_replay", "Answer requests with the responses of these files."),
		text("server_replay_extra", "forward", "What to do with a request that no stored response fits.",
			"forward", "kill", "204", "400", "404", "500"),
		boolean("server_replay_ignore_content", false, "Match requests without their bodies."),
		boolean("server_replay_ignore_host", false, "Match requests without their host."),
		list("server_replay_ignore_params", "Match requests without these query parameters."),
		list("server_replay_ignore_payload_params", "Match requests without these form parameters."),
		boolean("server_replay_ignore_port", false, "Match requests without their port."),
		boolean("server_replay_kill_extra", false, "Old name of server_replay_extra=kill."),
		boolean("server_replay_nopop", false, "Old name of server_replay_reuse."),
		boolean("server_replay_refresh", true, "Move the dates and cookies of a stored response to the present."),
		boolean("server_replay_reuse", false, "Use a stored response any number of times."),
		list("server_replay_use_headers", "Match requests by these headers too."),
	}
}

func ruleSpecs() []Spec {
	return []Spec{
		list("map_local", "Answer from a file or directory: [/filter]/url-regex/path."),
		list("map_remote", "Send requests elsewhere: [/filter]/url-regex/replacement. \\1 and \\g<name> are what groups have matched."),
		list("modify_body", "Replace in bodies: [/filter]/regex/[@]replacement. \\1 and \\g<name> are what groups have matched; @path is what is in a file."),
		list("modify_headers", "Set headers: [/filter]/name/[@]value. An empty value removes the header; @path is what is in a file."),
	}
}

func webSpecs() []Spec {
	const instead = "there is no web interface: use the console, or sluice dump"
	return []Spec{
		list("web_columns", "Columns of the flow list in the browser.",
			"tls", "icon", "path", "method", "status", "size", "time").later(instead),
		boolean("web_debug", false, "Log what the web interface does.").later(instead),
		text("web_host", "127.0.0.1", "Address of the web interface.").later(instead),
		boolean("web_open_browser", true, "Open a browser at the start.").later(instead),
		text("web_password", "", "Password of the web interface; empty makes one up.").later(instead),
		number("web_port", 8081, "Port of the web interface.").checked(between(0, 65535)).later(instead),
		Spec{Name: "web_static_viewer", Type: OptionalStr, Default: "", Instead: instead,
			Help: "Write a static page that shows the flows of rfile to this directory."},
		text("web_theme", "system", "Colours of the web interface.", "system", "dark", "light").later(instead),
	}
}
