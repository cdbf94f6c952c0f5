//go:build race

package uringnet_test

const raceEnabled = true
