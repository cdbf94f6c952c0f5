package workload

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRateReadsWhatItWrites(t *testing.T) {
	for _, s := range []string{"20%", "33.5%", "0.07%", "200%", "1", "0.5", "8000", "1e+07"} {
		r, ok := parseRate(s)
		if !ok || r.String() != s {
			t.Errorf("%s is read as %+v, %v and written as %s", s, r, ok, r)
		}
	}
}

func TestAtRate(t *testing.T) {
	cells, err := Select("open-http/64@20%")
	if err != nil {
		t.Fatal(err)
	}
	c, err := cells[0].AtRate(8000)
	if err != nil || c.Name != "open-http/64@8000" || c.Work.Rate != 8000 || c.Work.Share != 0 {
		t.Errorf("at 8000 requests/s it is %+v, %v", c, err)
	}
	for _, wrong := range []float64{0, -1, 1e9} {
		if _, err := c.AtRate(wrong); err == nil {
			t.Errorf("%g requests/s are accepted", wrong)
		}
	}
}

func TestParseBurst(t *testing.T) {
	b, err := ParseBurst("10ms/1.5s")
	want := Burst{On: 10 * time.Millisecond, Off: 1500 * time.Millisecond}
	if diff := cmp.Diff(want, b); diff != "" || err != nil {
		t.Errorf("error %v; burst (-want +got):\n%s", err, diff)
	}
	for _, wrong := range []string{"", "10ms", "10ms/", "/10ms", "0s/1s", "-1ms/1s", "1ms/-1s", "10/90"} {
		if b, err := ParseBurst(wrong); err == nil {
			t.Errorf("%q is read as %+v", wrong, b)
		}
	}
}
