package main

const tlsTopic = `A TLS connection that fails is a row like any other: "TLS ... err TLS failed: CA not trusted". Open it to read why it
failed and what to do; the filter ~e & ~d example.com finds it. Options that help:

    ignore_hosts             hosts that are to pass through untouched, such as those of apps that
                             accept only certificates they know
    tls_passthrough_after=3  the same, by itself, when a client has refused the certificate for a
                             host three times in a row
    ssl_verify_upstream_trusted_ca
                             servers whose certificates are signed by an authority of your own
    ssl_insecure             servers with any certificate at all
    client_certs             servers that want a certificate of their client
    tls_version_*_min, ciphers_*
                             old clients and old servers: TLS1 and ALL take in all that is left of them`

const rulesTopic = `What passes can be changed by rules. They are options: flags, lists in config.yaml, or ": set map_remote ..." in the
console, where O lists them. The first character of a rule is its separator, whichever it is; the filter in front may
be left out.

    map_remote, -M      /filter/url-regex/replacement
                        '|^https://api\.example\.com/v1/(.*)|http://localhost:3000/\1'
    map_local           /filter/url-regex/path
                        '|//example.com/static|~/site/build'
    modify_headers, -H  /filter/name/value; an empty value removes the header
                        '/~s/Cache-Control/no-store'
    modify_body, -B     /filter/regex/replacement
                        '/~s & ~t json/"price": (\d+)/"price": 9\1'
    block_list          /filter/status; 444 closes the connection
                        '/~d ads\./444'

@path in the place of a value or a replacement is what is in that file; otherwise \" \t \x41 and \\ stand there for what
they do in Python. stickycookie and stickyauth repeat cookies and logins, anticache and anticomp keep servers from
answering with nothing or in compressed form. A rule with a mistake is refused, and the place is shown; those before it
stay. Bodies pass as they come unless a rule may change them, or has to know them.`

const replayTopic = `In the console r sends a request again; sluice -C FILE sends those of a file. S, ": replay.server @marked" and
sluice -S FILE answer requests with responses that were recorded for requests like them; server_replay_ignore_* say what
need not be alike, server_replay_extra what becomes of the others. Where servers with TLS are not to be reached, have
connection_strategy=lazy too. sluice dump ends when all is replayed, unless keepserving is set. Where reverse:URL is the
only mode, flows that -r reads go to URL instead of where they went, so that r sends them there.`

const messagesTopic = `The messages of WebSocket, TCP and UDP flows stand in a tab of the opened flow and follow as they come; enter opens one of
them. The events of an event stream and the messages of gRPC have a tab of their own beside the body.

A filter like --intercept '~websocket & ~bq token' holds single messages: e edits the one that is held, a lets it go on,
X drops it, and these commands do the rest:

    : inject.websocket @focus true "hello, client"       false: to the server
    : inject.websocket @focus false "\x00\x01" false      binary
    : inject.tcp @focus true "hello\n"
    : flow.message.drop @focus                           the held one`

const bodiesTopic = `Bodies pass as they come and are recorded meanwhile, the first body_record_limit (128m) bytes of each; the screen says
how much of one is kept. All flows that are under way together keep no more than body_record_budget (1g): when three
quarters of that are taken, the largest are recorded no further, and pass all the same; one that is held and finds no
room goes on as it is. A client for which more has to wait, since it or its servers do not take it, than there is room
left is turned away; its flows and the log say so.

Over stream_large_bodies they pass without being recorded, unless store_streamed_bodies is on, and over body_size_limit
they are refused.`

const filesTopic = `Flow files are those of mitmproxy: files of every version of it are read, and those of sluice can be opened with it.

    w in the console          save what is shown
    -w FILE                   save all that comes, as it ends; +FILE appends, %Y-%m-%d is the day
    L, -r FILE                look at a file; esc stops reading a large one
    --set save_format=8       write for mitmproxy 8, otherwise for version 10 and later
    sluice dump -nr FILE -w OTHER
                              turn one file into another

Of a file that is damaged all whole flows are read, then the byte is named where it breaks off; -w +FILE goes on behind
them, and keeps what is left of the last one in FILE.cut. When the disk is full the proxy goes on and says so, the file
stays one that can be read, and the end, which is an error then, says how many flows are missing.

HTTP archives (HAR) are read wherever flow files are: those of Chrome, Firefox, Charles and Insomnia with their times,
bodies and WebSocket messages. ": save.har @shown flows.har" saves what is listed for browsers and other tools,
sluice dump --set hardump=flows.har all that passes: what is in the file is a whole archive at any time. - is the
standard output, which -q keeps free of all else; a name in .zhar is compressed.`
