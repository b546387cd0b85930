package tui

import (
	"strings"
	"testing"

	"sluice/proxy/command"
)

// commandReference lists the commands of mitmproxy's console as signatures.
const commandReference = `
set option *value
options.load path
options.save path
options.reset
options.reset.one name
flow.resume flows
flow.mark flows marker
flow.mark.toggle flows
flow.kill flows
flow.revert flows
flow.comment flow comment
flow.set.options -> str[]
flow.set flows attr value
flow.decode flows part
flow.encode.options -> str[]
flow.encode flows part encoding
flow.encode.toggle flows part
browser.start browser
replay.client flows
replay.client.count -> int
replay.client.stop
replay.client.file path
replay.server flows
replay.server.add flows
replay.server.file path
replay.server.stop
replay.server.count -> int
commands.history.add command
commands.history.get -> str[]
commands.history.clear
commands.history.filter prefix
commands.history.next -> str
commands.history.prev -> str
cut flows cuts -> data[][]
cut.save flows cuts path
cut.clip flows cuts
export.formats -> str[]
export format flow -> str
export.file format flow path
export.clip format flow
save.file flows path
save.har flows path
script.run flows path
eventstore.clear
readfile.reading -> bool
proxyserver.active_connections -> int
inject.websocket flow to_client message is_text
inject.tcp flow to_client message
inject.udp flow to_client message
view.focus.go offset
view.focus.next
view.focus.prev
view.order.options -> str[]
view.order -> str
view.order.set order_key
view.order.reverse boolean
view.filter.set filter_expr
view.clear
view.clear_unmarked
view.settings.getval flow key default -> str
view.settings.setval flows key value
view.settings.setval.toggle flows key
view.flows.duplicate flows
view.flows.remove flows
view.flows.resolve flow_spec -> flow[]
view.flows.create method url
view.flows.load path
view.properties.length -> int
view.properties.marked -> bool
view.properties.marked.toggle
view.properties.inbounds index -> bool
console.layout.options -> str[]
console.layout.cycle
console.panes.next
console.panes.prev
console.options.reset.focus
console.nav.start
console.nav.end
console.nav.next
console.nav.select
console.nav.up
console.nav.down
console.nav.pageup
console.nav.pagedown
console.nav.left
console.nav.right
console.choose prompt choices cmd *args
console.choose.cmd prompt choicecmd subcmd *args
console.command *command_str
console.command.confirm prompt cmd *args
console.command.set option_name
console.view.keybindings
console.view.commands
console.view.options
console.view.eventlog
console.view.help
console.view.flow flow
console.view.pop
console.exit
console.bodyview.options -> str[]
console.bodyview flow part
console.edit.focus.options -> str[]
console.edit.focus flow_part
console.grideditor.add
console.grideditor.insert
console.grideditor.delete
console.grideditor.editor
console.grideditor.load path
console.grideditor.load_escaped path
console.grideditor.save path
console.flowview.mode.options -> str[]
console.flowview.mode.set mode
console.flowview.mode -> str
console.key.contexts -> str[]
console.key.bind contexts key cmd *args
console.key.unbind contexts key
console.key.unbind.focus
console.key.execute.focus
console.key.edit.focus
console.keymap.load path
`

// waitingCommands says of every command of the reference that is not there yet which part will bring it.
var waitingCommands = map[string]string{
	"script.run": "scripts",
}

// TestCommandReference holds our commands against those of mitmproxy.
func TestCommandReference(t *testing.T) {
	d := newDriver(t, nil, nil)
	defer d.app.Close()
	seen := map[string]bool{}
	for want := range strings.Lines(strings.TrimSpace(commandReference)) {
		want = strings.TrimSpace(want)
		name, _, _ := strings.Cut(want, " ")
		seen[name] = true
		c, found := d.app.Registry().Lookup(name)
		if found && command.Signature(c) != want {
			t.Errorf("%s, want %s", command.Signature(c), want)
		}
		there := found && !strings.Contains(c.Help, "Not available yet: ")
		if _, waits := waitingCommands[name]; waits == there {
			t.Errorf("%s: is there: %v; is in the table of those that are not: %v", name, there, waits)
		}
	}
	if len(seen) != 120 {
		t.Errorf("the reference has %d commands", len(seen))
	}
	for name := range waitingCommands {
		if !seen[name] {
			t.Errorf("%s is in the table and not in the reference", name)
		}
	}
}
