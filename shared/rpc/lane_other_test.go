//go:build !linux

package rpc_test

// laneRoles: there are no lanes here.
var laneRoles map[string]func()
