package tui

import (
	"strings"
	"testing"

	"sluice/flowstore"
	"sluice/proxy/flow"
	"sluice/tui/style"
)

func TestDNSRows(t *testing.T) {
	asked := flowstore.Row{Kind: flow.DNS, Method: "QUERY", Question: "shop.example.com", QuestionType: "AAAA", Start: noon, Live: true}
	answered, unknown, failed := asked, asked, asked
	answered.HasResponse, answered.Status, answered.Reason, answered.Answer = true, 200, "NOERROR", "2001:db8::1"
	unknown.HasResponse, unknown.Status, unknown.Reason = true, 404, "NXDOMAIN"
	failed.Error = "no answer in 10s"
	for _, table := range []bool{true, false} {
		v := rowView{theme: style.New("solarized_dark", true, true, false), width: 160, table: table}
		for _, c := range []struct {
			row  flowstore.Row
			want []string
		}{
			{asked, []string{"DNS", "AAAA", "shop.example.com", "= …"}}, {answered, []string{"= 2001:db8::1", "NOERROR"}},
			{unknown, []string{"= ?", "NXDOMAIN"}}, {failed, []string{"err", "no answer in 10s"}},
		} {
			got := plain(strings.Join(v.render(c.row, nil, false), "\n"))
			for _, w := range c.want {
				if !strings.Contains(got, w) {
					t.Errorf("no %q in\n%s", w, got)
				}
			}
		}
	}
}
