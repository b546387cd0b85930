package tui

import (
	"testing"

	"sluice/proxy/flow"
)

// A held answer of DNS is edited as a table, and resuming sends what the table says.
func TestEditHeldDNSAnswer(t *testing.T) {
	f := &flow.Flow{ID: flow.NewID(), Kind: flow.DNS, Client: &flow.Client{}, Server: &flow.Server{}, Created: noon, Live: true, Intercepted: true}
	f.DNSRequest = &flow.DNSMessage{Query: true, Questions: []flow.DNSQuestion{{Name: "shop.test", Type: 1, Class: 1}}}
	f.DNSResponse = &flow.DNSMessage{Questions: f.DNSRequest.Questions, Answers: []flow.DNSRecord{{Name: "shop.test", Type: 1, Class: 1, TTL: 9, Data: []byte{192, 0, 2, 1}}}}
	drive(t, 120, 30, []*flow.Flow{f}, func(d *driver) {
		d.press("e")
		d.wantScreen("Edit...", "dns-answers")
		d.press("esc")
		d.run("console.edit.focus dns-answers")
		d.wantScreen("Edit DNS Answers", "192.0.2.1")
		d.press("a")
		for i, value := range []string{"shop.test", "AAAA", "60", "2001:db8::9"} {
			if i > 0 {
				d.press("tab")
			}
			d.write(value)
		}
		d.press("esc")
		d.press("q")
		e := d.store.PendingEdit(f.ID)
		if e == nil || e.DNSResponse == nil || len(e.DNSResponse.Answers) != 2 {
			t.Fatalf("pending: %+v\n%s", e, d.screen())
		}
		texts := map[string]bool{}
		for i := range e.DNSResponse.Answers {
			texts[e.DNSResponse.Answers[i].Text()] = true
		}
		if !texts["192.0.2.1"] || !texts["2001:db8::9"] {
			t.Errorf("the answers are %v", texts)
		}
		d.wantScreen("2001:db8::9")
	})
}

// Quotes in the text of a record stand in the table as zone files write them, and are typed so.
func TestEditDNSText(t *testing.T) {
	f := &flow.Flow{ID: flow.NewID(), Kind: flow.DNS, Client: &flow.Client{}, Server: &flow.Server{}, Created: noon}
	f.DNSRequest = &flow.DNSMessage{Query: true, Questions: []flow.DNSQuestion{{Name: "shop.test", Type: 16, Class: 1}}}
	f.DNSResponse = &flow.DNSMessage{Questions: f.DNSRequest.Questions, Answers: []flow.DNSRecord{{Name: "shop.test", Type: 16, Class: 1, TTL: 9, Data: []byte("\x08say \"hi\"")}}}
	drive(t, 120, 30, []*flow.Flow{f}, func(d *driver) {
		d.run("console.edit.focus dns-answers")
		d.wantScreen(`  "say \"hi\""`)
		d.press("right", "right", "right", "enter", "ctrl u")
		d.write(`"say \"ho\""`)
		d.press("esc", "q")
		if got := string(d.app.view.FocusFlow().DNSResponse.Answers[0].Data); got != "\x08say \"ho\"" {
			t.Errorf("the data is %q\n%s", got, d.screen())
		}
	})
}

// Types and times are short, so that data has room.
func TestDNSDataHasRoom(t *testing.T) {
	f := &flow.Flow{ID: flow.NewID(), Kind: flow.DNS, Client: &flow.Client{}, Server: &flow.Server{}, Created: noon}
	f.DNSResponse = &flow.DNSMessage{Answers: []flow.DNSRecord{
		{Name: "first.test", Type: 1, Class: 1, TTL: 9, Data: []byte{192, 0, 2, 1}},
		{Name: "shop.test", Type: 16, Class: 1, TTL: 9, Data: []byte("\x1ea text of thirty characters is")}}}
	drive(t, 80, 24, []*flow.Flow{f}, func(d *driver) {
		d.run("console.edit.focus dns-answers")
		d.wantScreen("TXT         9           \"a text of thirty characters is\"")
	})
}
