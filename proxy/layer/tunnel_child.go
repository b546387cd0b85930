package layer

import "sluice/proxy/flow"

// Deliver gives the child data of the inner connection.
func (t *Tunnel) Deliver(data []byte, cmds []Command) []Command {
	return t.toChild(t.ctx.DataReceived(t.inner, data), cmds)
}

// DeliverClose tells the child that the inner connection will bring no more.
func (t *Tunnel) DeliverClose(cmds []Command) []Command {
	return t.toChild(&ConnectionClosed{t.inner}, cmds)
}

// Receive hands data on as it is.
func (t *Tunnel) Receive(data []byte, cmds []Command) []Command {
	if len(data) == 0 {
		return cmds
	}
	return t.Deliver(data, cmds)
}

// ReceiveClose hands the close on.
func (t *Tunnel) ReceiveClose(cmds []Command) []Command { return t.DeliverClose(cmds) }

// Send sends data as it is.
func (t *Tunnel) Send(data []byte, cmds []Command) []Command {
	return append(cmds, t.ctx.SendData(t.outer, data))
}

// SendClose closes the outer connection in the same way.
func (t *Tunnel) SendClose(half bool, cmds []Command) []Command {
	return append(cmds, &CloseConnection{t.outer, half})
}

// toChild gives the child an event and carries out what it commands on the inner connection.
func (t *Tunnel) toChild(ev Event, cmds []Command) []Command {
	if t.busy {
		t.replies = append(t.replies, ev)
		return cmds
	}
	cmds = t.tell(ev, cmds)
	if t.bypassed && len(t.early) > 0 {
		early := t.early
		t.early = nil
		cmds = t.tell(&DataReceived{t.outer, early}, cmds)
	}
	for len(t.replies) > 0 {
		ev := t.replies[0]
		if t.replies = t.replies[1:]; len(t.replies) == 0 {
			t.replies = nil
		}
		cmds = t.tell(ev, cmds)
	}
	return cmds
}

func (t *Tunnel) tell(ev Event, cmds []Command) []Command {
	if t.told { // what the child lent is gone with its next event
		Own(cmds[t.base:])
		t.base = len(cmds)
	}
	t.told = true
	list := t.Child.Handle(ev, t.scratch[:0])
	t.scratch, t.busy = nil, true
	for _, c := range list {
		cmds = t.childCommand(c, cmds)
	}
	t.busy = false
	clear(list)
	t.scratch = list[:0]
	return cmds
}

func (t *Tunnel) childCommand(c Command, cmds []Command) []Command {
	if t.bypassed {
		return append(cmds, c)
	}
	switch c := c.(type) {
	case *SendData:
		if c.Conn == t.inner {
			return t.proto.Send(c.Data, cmds)
		}
	case *CloseConnection:
		if c.Conn == t.inner {
			return t.close(c.Half, cmds)
		}
	case *Pause:
		if c.Conn == t.inner {
			return append(cmds, &Pause{t.outer, c.On})
		}
	case *OpenConnection:
		if &c.Server.Conn == t.inner {
			return t.open(c, cmds)
		}
	}
	return append(cmds, c)
}

func (t *Tunnel) close(half bool, cmds []Command) []Command {
	if t.inner != t.outer {
		if t.inner.State &^= flow.CanWrite; !half {
			t.inner.State = flow.Closed
		}
		t.inner.Touch()
	}
	return t.proto.SendClose(half, cmds)
}

// open begins the tunnel for the child, after connecting where that is needed.
func (t *Tunnel) open(c *OpenConnection, cmds []Command) []Command {
	switch {
	case t.state == tunnelOpen:
		t.replies = append(t.replies, &OpenCompleted{c, nil})
	case t.state == tunnelMaking:
		t.opening = c
	case t.outer.State != flow.Closed:
		t.opening = c
		return t.begin(cmds)
	case t.server == nil:
		t.replies = append(t.replies, &OpenCompleted{c, errClosed})
	default:
		t.opening, t.state = c, tunnelIdle
		t.connect = &OpenConnection{t.server}
		return append(cmds, t.connect)
	}
	return cmds
}
