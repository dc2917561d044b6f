package wapi

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/seed-6b91b535/idrec/shared"
)

// ParseConfiguration turns settings by name, as [Provider.Describe] lists them, into a [Config]. An
// error has [shared.CodeConfigurationInvalid] and names the first setting that is wrong, never its
// value.
func ParseConfiguration(c shared.Configuration) (Config, error) {
	s := settings{c: c}
	s.known()
	cfg := Config{
		BaseURL:       withPath(s.text(fieldURL)),
		AppID:         s.text(fieldAppID),
		Secret:        c.Secrets[fieldSecret],
		Format:        s.text(fieldFormat),
		OmitTime:      s.bool(fieldOmitTime),
		Insecure:      s.bool(fieldInsecure),
		AnswerTimeout: s.duration(fieldAnswerTimeout),
		CAFile:        s.text(fieldCAFile),
		Proxy:         s.text(fieldProxy),
		PricePerCall:  s.money(fieldPricePerCall),
	}
	return cfg, s.err
}

// withPath gives a URL without a path that of the product.
func withPath(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Path != "" && u.Path != "/" {
		return base
	}
	u.Path = DefaultPath
	return u.String()
}

// settings reads settings by name and keeps the first thing that is wrong with them.
type settings struct {
	c   shared.Configuration
	err error
}

func (s *settings) wrong(message string) {
	if s.err == nil {
		s.err = invalid(message)
	}
}

// known refuses settings that there are not: a misspelt one would silently have its default.
func (s *settings) known() {
	fields := configFields()
	find := func(name string, secret bool) bool {
		return slices.ContainsFunc(fields, func(f shared.ConfigField) bool { return f.Name == name && f.Secret == secret })
	}
	for name := range s.c.Values {
		switch {
		case find(name, true):
			s.wrong(name + " is a secret and was given as a plain value: give it by file, environment or command")
		case !find(name, false):
			s.wrong(fmt.Sprintf("there is no setting %.40q: see the provider's description for those there are", name))
		}
	}
	for name := range s.c.Secrets {
		if !find(name, true) {
			s.wrong(fmt.Sprintf("there is no secret %.40q: the only one is %s", name, fieldSecret))
		}
	}
}

// text returns a setting, or its default.
func (s *settings) text(name string) string {
	if v := s.c.Values[name]; v != "" {
		return v
	}
	for _, f := range configFields() {
		if f.Name == name {
			return f.Default
		}
	}
	return ""
}

func (s *settings) bool(name string) bool {
	v, err := strconv.ParseBool(s.text(name))
	if err != nil {
		s.wrong(name + " is neither true nor false")
	}
	return v
}

func (s *settings) duration(name string) time.Duration {
	d, err := time.ParseDuration(s.text(name))
	if err != nil || d <= 0 {
		s.wrong(name + " is not a duration above zero: write it as in 60s or 1m30s")
	}
	return d
}

func (s *settings) money(name string) shared.Money {
	m, err := shared.ParseMoney(s.text(name))
	if err != nil || m < 0 {
		s.wrong(name + " is not an amount in yuan: write it as in 0.042")
	}
	return m
}
