package dump

import "sluice/proxy/flow"

// maxConns is how many connections of each side a connCache keeps.
const maxConns = 256

// A connCache keeps connections as they are in a file of the newest version: those of one connection share their
// snapshot, and it takes longer to write than the rest of a flow.
type connCache struct {
	clients map[*flow.Client]raw
	servers map[*flow.Server]raw
}

func (c *connCache) client(conn *flow.Client) raw {
	b, ok := c.clients[conn]
	if ok {
		return b
	}
	if c.clients == nil || len(c.clients) >= maxConns {
		c.clients = map[*flow.Client]raw{}
	}
	b = appendValue(nil, encodeClient(conn))
	c.clients[conn] = b
	return b
}

func (c *connCache) server(conn *flow.Server) raw {
	b, ok := c.servers[conn]
	if ok {
		return b
	}
	if c.servers == nil || len(c.servers) >= maxConns {
		c.servers = map[*flow.Server]raw{}
	}
	b = appendValue(nil, encodeServer(conn))
	c.servers[conn] = b
	return b
}
