package actions

import (
	"context"
	"errors"
	"strings"

	"sluice/proxy/command"
	"sluice/proxy/flow"
)

func (e Env) injectCommands() []command.Command {
	inject := params(param("flow", command.Flow), param("to_client", command.Bool), param("message", command.Bytes))
	isText := command.Param{Name: "is_text", Type: command.Bool, Default: true}
	return []command.Command{
		{Name: "inject.websocket", Params: append(inject[:3:3], isText),
			Help: "Inject a message into a WebSocket flow, to the client or else to the server.", Run: e.injectWebSocket},
		{Name: "inject.tcp", Params: inject,
			Help: "Inject a message into a TCP flow, to the client or else to the server.", Run: e.injectInto(flow.TCP)},
		{Name: "inject.udp", Params: inject,
			Help: "Inject a datagram into a UDP flow, to the client or else to the server.", Run: e.injectInto(flow.UDP)},
		{Name: "flow.message.drop", Params: params(param("flows", command.FlowSeq)),
			Help: "Drop the WebSocket, TCP or UDP message that flows are held at, and let them go on.", Run: e.dropMessage},
	}
}

func (e Env) injectWebSocket(_ context.Context, args command.Args) (any, error) {
	f := args[0].(*flow.Flow)
	if f.WebSocket == nil {
		return nil, errors.New("can't inject: not a WebSocket flow")
	}
	return nil, e.inject(f, flow.Message{FromClient: !args[1].(bool), Content: args[2].([]byte), Text: args[3].(bool)})
}

func (e Env) injectInto(kind flow.Kind) func(context.Context, command.Args) (any, error) {
	return func(_ context.Context, args command.Args) (any, error) {
		f := args[0].(*flow.Flow)
		if f.Kind != kind {
			return nil, errors.New("can't inject: not a " + strings.ToUpper(kind.String()) + " flow")
		}
		return nil, e.inject(f, flow.Message{FromClient: !args[1].(bool), Content: args[2].([]byte)})
	}
}

func (e Env) inject(f *flow.Flow, m flow.Message) error {
	if err := e.Engine.Inject(f.ID, m); err != nil {
		return err
	}
	to := "server"
	if !m.FromClient {
		to = "client"
	}
	if f.Intercepted {
		e.Say("The message goes to the " + to + " when the flow is resumed.")
	} else {
		e.Say("Injected " + count(len(m.Content), "byte") + " to the " + to + ".")
	}
	return nil
}

// dropMessage marks the last message of held flows as dropped and resumes them.
func (e Env) dropMessage(_ context.Context, args command.Args) (any, error) {
	n := 0
	for _, f := range flows(args[0]) {
		if !f.Intercepted || len(f.AllMessages()) == 0 {
			continue
		}
		err := e.Store.Edit(f.ID, func(f *flow.Flow) error {
			list := f.AllMessages()
			list[len(list)-1].Dropped = true
			return nil
		})
		if err != nil {
			return nil, err
		}
		if e.Engine.Resume(f.ID, e.Store.PendingEdit(f.ID)) {
			n++
		}
	}
	e.Say("Dropped " + count(n, "message") + ".")
	return nil, nil
}
