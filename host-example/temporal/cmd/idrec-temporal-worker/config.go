package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed-6b91b535/idrec/host-example/temporal/codec"
	"github.com/seed-6b91b535/idrec/host-example/temporal/fetch"
	"github.com/seed-6b91b535/idrec/shared"
)

// setting is a variable of the environment.
type setting struct {
	name string
	help string
	set  func(c *config, v string) error
}

// config is what the environment says.
type config struct {
	address, namespace, queue string
	apiKeyFile                string
	tlsCA, tlsCert, tlsKey    string
	plugin, pluginPath, lock  string
	pluginDirs                []string
	keys                      *codec.Keys
	plain, plainRefs          bool
	queueRate                 float64
	slots, parallel           int
	drain                     time.Duration
	metrics                   string
	roots, hosts, private     []string
	aliases                   map[string]string
	s3                        fetch.S3
	ca                        *x509.CertPool
	proxy                     *url.URL
	workflows, activities     bool
	chunk, chunks             int
	out                       string
	results                   string
	activityQueue             string
	deadline                  time.Duration
}

func text(to func(*config) *string) func(*config, string) error {
	return func(c *config, v string) error { *to(c) = v; return nil }
}

func list(to func(*config) *[]string) func(*config, string) error {
	return func(c *config, v string) error {
		for s := range strings.SplitSeq(v, ",") {
			if s = strings.TrimSpace(s); s != "" {
				*to(c) = append(*to(c), s)
			}
		}
		return nil
	}
}

func number(high int, to func(*config) *int) func(*config, string) error {
	return func(c *config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > high {
			return fmt.Errorf("takes a number from 1 to %d", high)
		}
		*to(c) = n
		return nil
	}
}

func flag(to func(*config) *bool) func(*config, string) error {
	return func(c *config, v string) error {
		b, err := strconv.ParseBool(v)
		if err != nil {
			return errors.New("takes true or false")
		}
		*to(c) = b
		return nil
	}
}

func length(to func(*config) *time.Duration) func(*config, string) error {
	return func(c *config, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 {
			return errors.New("takes a time, as in 90s")
		}
		*to(c) = d
		return nil
	}
}

func settings() []setting {
	return []setting{
		{"TEMPORAL_ADDRESS", "HOST:PORT of the engine's server; default 127.0.0.1:7233", text(func(c *config) *string { return &c.address })},
		{"TEMPORAL_NAMESPACE", "namespace; default default", text(func(c *config) *string { return &c.namespace })},
		{"TEMPORAL_TLS_CA", "file with the certificates that sign the server's; sets TLS on", text(func(c *config) *string { return &c.tlsCA })},
		{"TEMPORAL_TLS_CERT", "file with this client's certificate; sets TLS on", text(func(c *config) *string { return &c.tlsCert })},
		{"TEMPORAL_TLS_KEY", "file with its key", text(func(c *config) *string { return &c.tlsKey })},
		{"TEMPORAL_API_KEY_FILE", "file with an API key; sets TLS on", text(func(c *config) *string { return &c.apiKeyFile })},
		{"IDREC_QUEUE", "task queue, one for each vendor account; default idcard", text(func(c *config) *string { return &c.queue })},
		{"IDREC_QUEUE_RATE", "activities a second that the server hands out from the queue, to all workers together; a batch is one", func(c *config, v string) error {
			f, err := strconv.ParseFloat(v, 64)
			if err != nil || f <= 0 {
				return errors.New("takes a number above 0")
			}
			c.queueRate = f
			return nil
		}},
		{"IDREC_SLOTS", "activities at once in this worker; default 8", number(10000, func(c *config) *int { return &c.slots })},
		{"IDREC_PARALLEL", "pictures of a batch at once; default 8", number(1000, func(c *config) *int { return &c.parallel })},
		{"IDREC_DRAIN", "how long the worker waits at SIGTERM for what it has begun; default 90s", length(func(c *config) *time.Duration { return &c.drain })},
		{"IDREC_SERVE", "workflows, activities, or both, the default", func(c *config, v string) error {
			c.workflows, c.activities = v != "activities", v != "workflows"
			if v != "workflows" && v != "activities" && v != "both" {
				return errors.New("takes workflows, activities or both")
			}
			return nil
		}},
		{"IDREC_PLUGIN", "plugin by name; default wapi. Its settings are IDREC_WAPI_URL and so on, as for the program idrec", text(func(c *config) *string { return &c.plugin })},
		{"IDREC_PLUGIN_PATH", "plugin by the path of its file", text(func(c *config) *string { return &c.pluginPath })},
		{"IDREC_PLUGIN_DIR", "folders where plugins are looked for besides the program's own", func(c *config, v string) error {
			c.pluginDirs = filepath.SplitList(v)
			return nil
		}},
		{"IDREC_PLUGIN_LOCK", "lock file in which the plugin must stand", text(func(c *config) *string { return &c.lock })},
		{"IDREC_PAYLOAD_KEYS_FILE", "file of keys that encrypt what goes into the history; made with the command key", func(c *config, v string) error {
			raw, err := os.ReadFile(v)
			if err != nil {
				return errors.New("names a file that cannot be read")
			}
			c.keys, err = codec.ParseKeys(string(raw))
			return err
		}},
		{"IDREC_PLAIN_RESULTS", "true: what was read may go into the history in plain, where whoever sees the history reads it", flag(func(c *config) *bool { return &c.plain })},
		{"IDREC_PLAIN_REFERENCES", "true: addresses of pictures may stand in the history in plain, because they name nobody", flag(func(c *config) *bool { return &c.plainRefs })},
		{"IDREC_METRICS", "HOST:PORT for Prometheus; default: none", text(func(c *config) *string { return &c.metrics })},
		{"IDREC_FETCH_FOLDERS", "folders of file:// references, from the root, separated as in PATH", func(c *config, v string) error {
			for _, dir := range filepath.SplitList(v) {
				if !filepath.IsAbs(dir) {
					return errors.New("takes folders from the root")
				}
				c.roots = append(c.roots, filepath.Clean(dir))
			}
			return nil
		}},
		{"IDREC_FETCH_HOSTS", "public hosts of https:// references", list(func(c *config) *[]string { return &c.hosts })},
		{"IDREC_FETCH_PRIVATE_HOSTS", "hosts that may lie in a private network", list(func(c *config) *[]string { return &c.private })},
		{"IDREC_FETCH_PROXY", "URL of the proxy to public hosts and to the store; the environment's own variables for it are not looked at", func(c *config, v string) error {
			u, err := url.Parse(v)
			if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5"}, u.Scheme) {
				return errors.New("takes a URL, as in http://proxy:3128")
			}
			c.proxy = u
			return nil
		}},
		{"IDREC_FETCH_CA", "file with certificates that are trusted besides the system's, by hosts and store", func(c *config, v string) error {
			raw, err := os.ReadFile(v)
			if err != nil {
				return errors.New("names a file that cannot be read")
			}
			pool, err := x509.SystemCertPool()
			if err != nil {
				pool = x509.NewCertPool()
			}
			if !pool.AppendCertsFromPEM(raw) {
				return errors.New("names a file without certificates in PEM")
			}
			c.ca = pool
			return nil
		}},
		{"IDREC_FETCH_ALIASES", "what alias://NAME/PLACE stands for: NAME=file:///srv/inbox, and more after commas", func(c *config, v string) error {
			c.aliases = map[string]string{}
			for pair := range strings.SplitSeq(v, ",") {
				name, base, ok := strings.Cut(pair, "=")
				u, err := url.Parse(base)
				if !ok || err != nil || name == "" || u.Host+u.Path == "" || !slices.Contains([]string{"file", "https", "http", "s3"}, u.Scheme) {
					return errors.New("takes NAME=URI, separated by commas; a URI begins with file, https, http or s3")
				}
				c.aliases[strings.TrimSpace(name)] = base
			}
			return nil
		}},
		{"IDREC_S3_ENDPOINT", "URL of the store of s3:// references; its credentials come as AWS_ACCESS_KEY_ID and so on", text(func(c *config) *string { return &c.s3.Endpoint })},
		{"IDREC_S3_REGION", "region of the store", text(func(c *config) *string { return &c.s3.Region })},
		{"IDREC_S3_BUCKETS", "buckets of references", list(func(c *config) *[]string { return &c.s3.Buckets })},
		{"IDREC_S3_PATH_STYLE", "true: buckets as ENDPOINT/BUCKET instead of BUCKET.ENDPOINT", flag(func(c *config) *bool { return &c.s3.PathStyle })},
		{"IDREC_CHUNK", "submit: pictures in an activity; default 20", number(200, func(c *config) *int { return &c.chunk })},
		{"IDREC_CHUNKS", "submit: activities at once; default 4", number(100, func(c *config) *int { return &c.chunks })},
		{"IDREC_ACTIVITY_QUEUE", "submit: queue of the activities, if it is not that of the workflow", text(func(c *config) *string { return &c.activityQueue })},
		{"IDREC_RESULTS", "submit: record or reference; default record with keys or plain results, else reference", text(func(c *config) *string { return &c.results })},
		{"IDREC_OUT", "submit: file for the records; default standard output", text(func(c *config) *string { return &c.out })},
		{"IDREC_DEADLINE", "submit: how long to wait for the workflow; default a day", length(func(c *config) *time.Duration { return &c.deadline })},
	}
}

// settingsHelp lists the variables.
func settingsHelp() string {
	var b strings.Builder
	for _, s := range settings() {
		fmt.Fprintf(&b, "  %-26s %s\n", s.name, s.help)
	}
	return strings.TrimRight(b.String(), "\n")
}

// configure reads the environment. Its errors name the variable and never a value.
func configure(lookup func(string) (string, bool)) (*config, error) {
	c := &config{address: "127.0.0.1:7233", namespace: "default", queue: "idcard", plugin: "wapi", slots: 8, parallel: 8,
		drain: 90 * time.Second, workflows: true, activities: true, deadline: 24 * time.Hour}
	for _, s := range settings() {
		if v, ok := lookup(s.name); ok && v != "" {
			if err := s.set(c, v); err != nil {
				return nil, fmt.Errorf("%s %w", s.name, err)
			}
		}
	}
	return c, nil
}

// fetcher is what the worker may fetch from.
func (c *config) fetcher() (fetch.Fetcher, error) {
	by := fetch.ByScheme{}
	if len(c.roots) > 0 {
		by["file"] = fetch.Files{Roots: c.roots}
	}
	if len(c.hosts)+len(c.private) > 0 {
		by["https"] = fetch.NewHTTPS(fetch.HTTPS{Hosts: c.hosts, PrivateHosts: c.private, RootCAs: c.ca, Proxy: c.proxy})
		by["http"] = by["https"]
	}
	if c.s3.Endpoint != "" {
		c.s3.RootCAs, c.s3.Proxy = c.ca, c.proxy
		s3, err := fetch.NewS3(c.s3)
		if err != nil {
			return nil, err
		}
		by["s3"] = s3
	}
	out := fetch.ByScheme{}
	for scheme, f := range by {
		if out[scheme] = f; !c.hidden() {
			out[scheme] = readable{}
		}
	}
	if len(c.aliases) > 0 {
		out["alias"] = fetch.Alias{Of: c.aliases, To: by}
	}
	return out, nil
}

// hidden reports whether addresses of pictures, which are personal, may stand in workflows: they are
// encrypted there, or the user knows that they name nobody.
func (c *config) hidden() bool { return c.keys != nil || c.plain || c.plainRefs }

// errReadable says that addresses would stand in a history that everybody reads.
var errReadable = &shared.Error{Code: shared.CodeConfigurationInvalid, Outcome: shared.OutcomeNotSent, Basis: shared.BasisProved,
	Message: "addresses and file names are personal, and this history is not encrypted: set IDREC_PAYLOAD_KEYS_FILE, or use alias:// references, or set IDREC_PLAIN_REFERENCES if they name nobody"}

// readable refuses addresses that stand in a history in plain.
type readable struct{}

// Fetch fetches nothing.
func (readable) Fetch(context.Context, *url.URL, int64) ([]byte, error) { return nil, errReadable }
