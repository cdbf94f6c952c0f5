package cells

import (
	"strings"
	"testing"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

func names(cells []workload.Cell) string {
	var list []string
	for _, c := range cells {
		list = append(list, c.Name)
	}
	return strings.Join(list, " ")
}

func TestSelect(t *testing.T) {
	for list, want := range map[string]string{
		"":                                 strings.Join(Names(), " "),
		"redcon":                           "redcon/64",
		"grpc/3, redcon/100,redcon,grpc/3": "redcon/64 redcon/100 grpc/3",
		"websocket,http/5,echo64/3":        "echo64/3 http/5 websocket/64",
		"open-echo64/9@70%":                "open-echo64/9@70%",
	} {
		cells, err := Select(list)
		if got := names(cells); got != want || err != nil {
			t.Errorf("%q selects %s, error %v; want %s", list, got, err, want)
		}
	}
	for _, list := range []string{"red", "redcon/", "redcon/-1", "redcon/65536", ",", "redcon,"} {
		if cells, err := Select(list); err == nil {
			t.Errorf("%q selects %s", list, names(cells))
		}
	}
}

func TestDefault(t *testing.T) {
	want := "echo64/64 http/64 https/64 http2/8 proxy/64 open-echo64/1000@20% open-echo64/1000@50% " +
		"open-echo64/1000@80% fasthttp/64 redcon/64 grpc/8 websocket/64"
	if got := names(Default()); got != want {
		t.Errorf("cells are %s, want %s", got, want)
	}
}
