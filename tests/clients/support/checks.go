package main

import (
	"fmt"
	"os"
	"runtime/debug"
)

// A test fails by panicking; must and check do.
type test struct {
	name string
	body func()
}

func runOne(one test) (passed bool) {
	defer func() {
		if problem := recover(); problem != nil {
			fmt.Printf("FAIL  %s\n%v\n%s\n", one.name, problem, debug.Stack())
		}
	}()
	one.body()
	fmt.Printf("ok    %s\n", one.name)
	return true
}

// runTests runs them one after another and ends the process with the line that the runner reads.
func runTests(tests []test) {
	failed := 0
	for _, one := range tests {
		if !runOne(one) {
			failed++
		}
	}
	fmt.Printf("%d passed, %d failed\n", len(tests)-failed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}

func check(holds bool, format string, values ...interface{}) {
	if !holds {
		panic(fmt.Sprintf(format, values...))
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func equal[T comparable](found, wanted T) {
	check(found == wanted, "%v instead of %v", found, wanted)
}
