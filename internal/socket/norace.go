//go:build !race

package socket

func raceWrite() {}

func raceRead(int) {}
