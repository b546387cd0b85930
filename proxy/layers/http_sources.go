package layers

import "sluice/proxy/layer"

// sources remembers who waits for the answer to a command. One alone, as is usual, costs no map.
type sources struct {
	cmd  layer.Command
	who  layer.Layer
	more map[layer.Command]layer.Layer
}

// empty reports whether nobody waits.
func (s *sources) empty() bool { return s.cmd == nil && len(s.more) == 0 }

func (s *sources) put(cmd layer.Command, who layer.Layer) {
	if s.cmd == nil {
		s.cmd, s.who = cmd, who
		return
	}
	if s.more == nil {
		s.more = map[layer.Command]layer.Layer{}
	}
	s.more[cmd] = who
}

// take returns who waits for a command, or nil, and forgets it.
func (s *sources) take(cmd layer.Command) layer.Layer {
	if s.cmd == cmd {
		who := s.who
		s.cmd, s.who = nil, nil
		return who
	}
	who := s.more[cmd]
	delete(s.more, cmd)
	return who
}
