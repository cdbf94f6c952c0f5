//go:build linux

package main

import (
	"errors"
	"os/exec"
	"sync"
)

var forks = fault{
	name: "forks",
	what: "storms of fork and exec in both processes",
	inject: func(t *trial) error {
		results := make(chan error, 2)
		for _, p := range []*process{t.server, t.clients} {
			go func() {
				_, err := p.inside("forks")
				results <- err
			}()
		}
		return errors.Join(<-results, <-results)
	},
}

func init() {
	inside["forks"] = func(*Child) (string, error) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		var failed error
		for range 8 {
			wg.Go(func() {
				for range 15 {
					if err := exec.Command("/bin/true").Run(); err != nil {
						mu.Lock()
						failed = errors.Join(failed, err)
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		return "", failed
	}
}
