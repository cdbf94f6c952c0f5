// Command redcon is a server that keeps strings, for clients of Redis. Package redcon listens.
package main

import (
	"fmt"
	"log"
	"os"
	"sync"

	"github.com/tidwall/redcon"
)

func main() {
	var (
		mu    sync.RWMutex
		items = make(map[string]string)
	)
	serve := func(c redcon.Conn, cmd redcon.Command) {
		switch {
		case string(cmd.Args[0]) == "SET" && len(cmd.Args) == 3:
			mu.Lock()
			items[string(cmd.Args[1])] = string(cmd.Args[2])
			mu.Unlock()
			c.WriteString("OK")
		case string(cmd.Args[0]) == "GET" && len(cmd.Args) == 2:
			mu.RLock()
			c.WriteBulkString(items[string(cmd.Args[1])])
			mu.RUnlock()
		default:
			c.WriteString("PONG")
		}
	}
	started := make(chan error, 1)
	go func() {
		if err := <-started; err == nil {
			fmt.Println("listening on", os.Args[1])
		}
	}()
	s := redcon.NewServer(os.Args[1], serve, nil, nil)
	log.Fatal(s.ListenServeAndSignal(started))
}
