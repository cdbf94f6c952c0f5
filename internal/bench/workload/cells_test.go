package workload

import (
	"slices"
	"strings"
	"testing"
)

func names(cells []Cell) string {
	var out []string
	for _, c := range cells {
		out = append(out, c.Name)
	}
	return strings.Join(out, " ")
}

func TestSelect(t *testing.T) {
	for _, test := range []struct{ list, want string }{
		{"", names(Cells())},
		{"echo64", "echo64/1 echo64/8 echo64/64 echo64/512 echo64/4096"},
		{"echo64/64", "echo64/64"},
		{"echo64/6", "echo64/6"},
		{"echo64/1000", "echo64/1000"},
		{"echo64/max,echo64/12000", "echo64/12000 echo64/max"},
		{"http/max", "http/max"},
		{"echo", "echo64/1 echo64/8 echo64/64 echo64/512 echo64/4096 echo16k/64 echo64-many/10000 echo64-many/max"},
		{"http", "http/1 http/16 http/128"},
		{"http/1", "http/1"},
		{"httpf", "httpfile/32"},
		{"stream", "stream-up/4 stream-down/4"},
		{"tail, http/16,echo64/8,tail/64", "echo64/8 http/16 tail/64"},
		{"open-http", "open-http/1000@20% open-http/1000@50% open-http/1000@80%"},
		{"open-http/64", "open-http/64@20% open-http/64@50% open-http/64@80%"},
		{"open-http/64@8000,open-http/64@33.5%", "open-http/64@8000 open-http/64@33.5%"},
		{"open-echo64/1000@80%,open-echo64/1000@20%", "open-echo64/1000@20% open-echo64/1000@80%"},
		{"burn5ms", "burn5ms/200@50%"},
		{"burn5", "burn50us/200@50% burn500us/200@50% burn5ms/200@50% burn50us-10th/200@50% burn500us-10th/200@50% burn5ms-10th/200@50%"},
	} {
		cells, err := Select(test.list)
		if err != nil || names(cells) != test.want {
			t.Errorf("Select(%q) = %s, %v; want %s", test.list, names(cells), err, test.want)
		}
	}
}

func TestSelectUnknown(t *testing.T) {
	for _, list := range []string{"ech0", "echo64/0", "echo64/x", "echo64/100000", "echo64/8,", "/", "64",
		"echo64/64@50%", "open-http/64@", "open-http/64@0", "open-http/64@-1", "open-http/64@300%", "open-http/64@1e9", "open-http/64@x", "open-http/64@NaN"} {
		if cells, err := Select(list); err == nil {
			t.Errorf("Select(%q) = %s, want an error", list, names(cells))
		} else if !strings.Contains(err.Error(), "echo64/4096") {
			t.Errorf("Select(%q): %v; want the cells to be listed", list, err)
		}
	}
}

func TestCells(t *testing.T) {
	all := Names()
	if distinct := slices.Compact(slices.Sorted(slices.Values(all))); len(all) != 39 || len(distinct) != len(all) {
		t.Errorf("%d cells: %v; want 39 different ones", len(all), all)
	}
	for _, c := range Cells() {
		if c.Work.Conns < 1 || c.Work.Depth < 1 || c.Title == "" {
			t.Errorf("%+v: want connections, a depth and a title", c)
		}
		idle := c.Work.Kind == Idle
		if idle != (c.Work.IdleConns > 0) {
			t.Errorf("%s has %d idle connections", c.Name, c.Work.IdleConns)
		}
		if c.Work.Pipelines() == c.Work.Open() && c.Work.Kind == Echo {
			t.Errorf("%s: -depth is for it: %v", c.Name, c.Work.Pipelines())
		}
		if c.Work.Open() != strings.Contains(c.Name, "@") {
			t.Errorf("%s: open loop: %v", c.Name, c.Work.Open())
		}
		if closed := c.Work.Closed(); closed.Open() || closed.Kind != c.Work.Kind || closed.Conns != c.Work.Conns {
			t.Errorf("%s in a closed loop is %+v", c.Name, closed)
		}
	}
}

func TestBurnsOneInTen(t *testing.T) {
	burning := 0
	for i := range 100 {
		if Burns(i) {
			burning++
		}
	}
	if burning != 10 {
		t.Errorf("%d of 100 handlers burn, want 10", burning)
	}
}
