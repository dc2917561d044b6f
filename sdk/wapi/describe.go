package wapi

import (
	"github.com/seed-6b91b535/idrec/sdk/gate"
	"github.com/seed-6b91b535/idrec/shared"
)

// The names of the provider's settings.
const (
	fieldURL           = "url"
	fieldAppID         = "appid"
	fieldSecret        = "secret"
	fieldFormat        = "format"
	fieldAnswerTimeout = "answer_timeout"
	fieldInsecure      = "insecure"
	fieldCAFile        = "ca_file"
	fieldProxy         = "proxy"
	fieldPricePerCall  = "price_per_call"
	fieldOmitTime      = "omit_time"
)

// defaultPrice is that of the package of 2,000 calls, the smallest one that is not a trial.
const defaultPrice shared.Money = 50

func configFields() []shared.ConfigField {
	return []shared.ConfigField{
		{Name: fieldURL, Type: shared.TypeURL, Required: true, Help: "the account's URL, as the vendor shows it after login; without a path, " + DefaultPath + " is used"},
		{Name: fieldAppID, Type: shared.TypeString, Required: true, Help: "the application's id"},
		{Name: fieldSecret, Type: shared.TypeString, Required: true, Secret: true, Help: "the application's secret, 32 characters"},
		{Name: fieldFormat, Type: shared.TypeEnum, Default: FormatJSON, Enum: []string{FormatJSON, FormatXML}, Help: "the form of the vendor's answers"},
		{Name: fieldAnswerTimeout, Type: shared.TypeDuration, Default: DefaultAnswerTimeout.String(), Help: "how long a picture that was sent whole is waited for, whatever the caller's own deadline"},
		{Name: fieldInsecure, Type: shared.TypeBool, Default: "false", Help: "allow plain http to another machine, where anybody on the way can read the pictures"},
		{Name: fieldCAFile, Type: shared.TypePath, Help: "certificates in PEM that are trusted besides the system's"},
		{Name: fieldProxy, Type: shared.TypeString, Default: ProxyEnvironment, Help: "the URL of a proxy; environment: as HTTPS_PROXY and NO_PROXY say; none"},
		{Name: fieldPricePerCall, Type: shared.TypeMoney, Default: defaultPrice.String(), Help: "yuan per call, of the package that you bought"},
		{Name: fieldOmitTime, Type: shared.TypeBool, Default: "false", Help: "send no time, for machines whose clock is wrong for good"},
	}
}

// describe returns the provider's description.
func describe(version string) *shared.Description {
	return &shared.Description{
		Name:    "wapi",
		Version: version,
		Title:   "挖数据 身份证信息识别 (hosted, paid per call)",
		Product: "pyi/76/194",
		Remote:  true,
		Paid:    true,
		Faces:   []shared.Face{shared.FaceConfigurer, shared.FaceChecker},
		Limits: shared.Limits{
			MaxEncodedBytes: FitEncodedBytes,
			MinSide:         MinSide,
			MaxSide:         MaxSide,
			Formats:         Formats(),
			MaxURLBytes:     MaxURLBytes,
			CallsPerSecond:  gate.DefaultPerSecond,
			Concurrency:     gate.DefaultConcurrency,
		},
		// The page's packages; five calls are free before them.
		Prices: []shared.Price{{Calls: 100, PerCall: 100}, {Calls: 2000, PerCall: 50}, {Calls: 5000, PerCall: 45},
			{Calls: 10000, PerCall: 42}, {Calls: 30000, PerCall: 40}},
		Fields: configFields(),
	}
}

// pricesPaid returns the package that has the price; one call of it, where the page has no such package.
func pricesPaid(page []shared.Price, perCall shared.Money) []shared.Price {
	for _, p := range page {
		if p.PerCall == perCall {
			return []shared.Price{p}
		}
	}
	return []shared.Price{{Calls: 1, PerCall: perCall}}
}
