package rpc

import (
	"github.com/hashicorp/go-plugin"

	"github.com/seed-6b91b535/idrec/shared"
)

// ProtocolVersion is the version of the proto package idrec.recognizer.v1.
const ProtocolVersion = 1

// PluginName is what a host dispenses.
const PluginName = "recognizer"

// Handshake is what both sides agree on before they talk. The cookie is no secret: it tells a host's
// start from a start by hand or by another program's host.
var Handshake = plugin.HandshakeConfig{
	ProtocolVersion:  ProtocolVersion,
	MagicCookieKey:   "IDREC_PLUGIN_COOKIE",
	MagicCookieValue: "7f0d1f5a0c5e4c7b9d0a6a51d9f5b8e2c3a4968d7be14f60",
}

// PluginSet is the plugin map of the newest protocol version. A plugin gives its recognizer; a host
// gives nil.
func PluginSet(impl shared.Recognizer) plugin.PluginSet {
	return plugin.PluginSet{PluginName: &Plugin{Impl: impl}}
}

// VersionedPlugins is the plugin map of every protocol version, for the fields of that name in
// plugin.ClientConfig and plugin.ServeConfig. A plugin gives its recognizer; a host gives nil.
func VersionedPlugins(impl shared.Recognizer) map[int]plugin.PluginSet {
	return (&Plugin{Impl: impl}).Versions()
}
