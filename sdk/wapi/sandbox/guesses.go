package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Guesses are the points at which the public description of the API is silent or contradicts itself,
// each a switch. The zero value is every default; [GuessTable] lists names, values, defaults and what
// each decides, and [Guesses.Set] sets one by name.
type Guesses struct {
	Get           string
	PostQuery     string
	BodyType      string
	Repeated      string
	CheckOrder    string
	Parameters    string
	SignCase      string
	Window        int // seconds; negative: any time is taken
	UnknownFormat string
	UnknownSide   string
	PictureLimit  int // bytes
	Oversize      string
	Base64        string
	Undecodable   string
	PixelLimits   string
	Fetch         string
	CodeID        string
	NumberType    string
	AnswerTime    string
	Fields        string
	Retdata       string
	EmptyRetdata  string
	AbsentFields  string
	XMLRoot       string
}

// Values that more than one guess has.
const (
	guessAccept = "accept"
	guessRefuse = "refuse"
	guessIgnore = "ignore"
	guessAny    = "any"
	guessNumber = "number"
	guessString = "string"
	guessObject = "object"
	guessList   = "list"
	guessOff    = "off"
)

// Guess is one row of the table of guesses.
type Guess struct {
	Name    string
	Default string
	Values  []string // empty: see Doc
	Doc     string

	text   func(*Guesses) *string // one of the two
	number func(*Guesses) *int
}

// GuessTable returns every guess in the order in which a request meets it.
func GuessTable() []Guess { return append([]Guess(nil), guessTable...) }

var guessTable = []Guess{
	{Name: "get", Default: guessAccept, Values: []string{guessAccept, guessIgnore}, Doc: "GET with everything in the query; `ignore`: the query is not looked at (10001)", text: func(g *Guesses) *string { return &g.Get }},
	{Name: "post_query", Default: "merge", Values: []string{"merge", guessIgnore}, Doc: "parameters in the query of a POST; `merge`: those of the body go before them", text: func(g *Guesses) *string { return &g.PostQuery }},
	{Name: "body_type", Default: guessAny, Values: []string{guessAny, "form"}, Doc: "`any`: multipart/form-data is read too, every other body as a form; `form`: a body that does not say application/x-www-form-urlencoded is not looked at", text: func(g *Guesses) *string { return &g.BodyType }},
	{Name: "repeated", Default: "last", Values: []string{"last", "first"}, Doc: "which value of a repeated name counts", text: func(g *Guesses) *string { return &g.Repeated }},
	{Name: "check_order", Default: strings.Join(checkNames(), ","), Doc: "the order of the checks, all of them, separated by commas; the picture, then calls and balance come after them", text: func(g *Guesses) *string { return &g.CheckOrder }},
	{Name: "parameters", Default: "exact", Values: []string{"exact", "missing", guessOff}, Doc: "10015 when url_image is missing; `exact`: also for a name that the page does not list and for a repeated one; `off`: never (a missing picture is 10019)", text: func(g *Guesses) *string { return &g.Parameters }},
	{Name: "sign_case", Default: "lower", Values: []string{"lower", guessAny}, Doc: "the case of sign's hexadecimal digits", text: func(g *Guesses) *string { return &g.SignCase }},
	{Name: "window", Default: "600", Doc: "seconds by which time may differ: this many are accepted, one more is 10004; negative: any time is accepted", number: func(g *Guesses) *int { return &g.Window }},
	{Name: "unknown_format", Default: "json", Values: []string{"json", guessRefuse}, Doc: "a format that is neither json nor xml; `refuse`: 10019", text: func(g *Guesses) *string { return &g.UnknownFormat }},
	{Name: "unknown_side", Default: guessRefuse, Values: []string{guessRefuse, "detect"}, Doc: "an id_card_side that is neither front nor back; `refuse`: 10019", text: func(g *Guesses) *string { return &g.UnknownSide }},
	{Name: "picture_limit", Default: "4000000", Doc: "bytes that the page's 4M means: 4000000 or 4194304; of a base64 picture after percent-encoding, of one behind a URL after base64", number: func(g *Guesses) *int { return &g.PictureLimit }},
	{Name: "oversize", Default: "10019", Values: []string{"10019", "413"}, Doc: "a picture, or a whole body, above the limit: the code or the HTTP status", text: func(g *Guesses) *string { return &g.Oversize }},
	{Name: "base64", Default: "strict", Values: []string{"strict", "tolerant"}, Doc: "`strict`: the standard alphabet with padding, line breaks apart; `tolerant`: what is not of the alphabet is skipped and padding may lack", text: func(g *Guesses) *string { return &g.Base64 }},
	{Name: "undecodable", Default: "non_idcard", Values: []string{"non_idcard", "unknown", guessRefuse}, Doc: "bytes that are no jpg, png or bmp: 10000, billed, with this image_status; `refuse`: 10019", text: func(g *Guesses) *string { return &g.Undecodable }},
	{Name: "pixel_limits", Default: guessRefuse, Values: []string{guessRefuse, "unknown"}, Doc: "a shortest side under 15 or a longest over 4096 pixels; `refuse`: 10019; `unknown`: 10000, billed, with this image_status", text: func(g *Guesses) *string { return &g.PixelLimits }},
	{Name: "fetch", Default: "loopback", Values: []string{"loopback", guessAny}, Doc: "from which addresses a picture's URL is fetched; `any` reaches every network that this machine reaches", text: func(g *Guesses) *string { return &g.Fetch }},
	{Name: "codeid", Default: guessNumber, Values: []string{guessNumber, guessString}, Doc: "how codeid is written in JSON", text: func(g *Guesses) *string { return &g.CodeID }},
	{Name: "number_type", Default: guessNumber, Values: []string{guessNumber, guessString}, Doc: "how idcard_number_type is written in JSON", text: func(g *Guesses) *string { return &g.NumberType }},
	{Name: "answer_time", Default: "request", Values: []string{"request", "server"}, Doc: "what the answer's time is; a request without one gets the server's", text: func(g *Guesses) *string { return &g.AnswerTime }},
	{Name: "fields", Default: "inside", Values: []string{"inside", "beside"}, Doc: "image_status, idcard_number_type and the fields of the card lie inside retdata or beside it", text: func(g *Guesses) *string { return &g.Fields }},
	{Name: "retdata", Default: guessObject, Values: []string{guessObject, guessList}, Doc: "the form of a filled retdata: an object or a list of one", text: func(g *Guesses) *string { return &g.Retdata }},
	{Name: "empty_retdata", Default: "text", Values: []string{"text", "null", guessObject, guessList, "absent"}, Doc: "the form of an empty retdata; `text` is the empty string", text: func(g *Guesses) *string { return &g.EmptyRetdata }},
	{Name: "absent_fields", Default: "omit", Values: []string{"omit", "empty"}, Doc: "a field that is not on the picture is left out or empty", text: func(g *Guesses) *string { return &g.AbsentFields }},
	{Name: "xml_root", Default: "root", Doc: "the name of the XML answer's root element; the elements in it are named and nested as in JSON", text: func(g *Guesses) *string { return &g.XMLRoot }},
}

// Set sets the guess with the given name, as in Set("get", "ignore"). It returns an error that names
// the guess and its values if there is no such guess or no such value.
func (g *Guesses) Set(name, value string) error {
	for _, row := range guessTable {
		if row.Name == name {
			return row.set(g, value)
		}
	}
	return fmt.Errorf("there is no guess of that name; there are: %s", strings.Join(guessNames(), ", "))
}

func (row Guess) set(g *Guesses, value string) error {
	if row.number != nil {
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("guess %s must be a number", row.Name)
		}
		*row.number(g) = n
		return row.check(g)
	}
	*row.text(g) = value
	return row.check(g)
}

// get returns the guess in force as text.
func (row Guess) get(g *Guesses) string {
	if row.number != nil {
		return strconv.Itoa(*row.number(g))
	}
	return *row.text(g)
}

// check reports a value that the guess does not have.
func (row Guess) check(g *Guesses) error {
	v := row.get(g)
	switch {
	case len(row.Values) > 0 && !slices.Contains(row.Values, v):
		return fmt.Errorf("guess %s must be one of %s", row.Name, strings.Join(row.Values, ", "))
	case row.Name == "check_order":
		return validOrder(v)
	case row.Name == "picture_limit" && (g.PictureLimit < 1 || g.PictureLimit > maxPictureLimit):
		return fmt.Errorf("guess picture_limit must be between 1 and %d bytes", maxPictureLimit)
	case row.Name == "xml_root" && !xmlName(v):
		return fmt.Errorf("guess xml_root must be the name of an XML element, in ASCII letters")
	}
	return nil
}

// complete returns the guesses with each unset one at its default, or an error for a value that does
// not exist.
func (g Guesses) complete() (Guesses, error) {
	for _, row := range guessTable {
		if v := row.get(&g); v == "" || row.number != nil && v == "0" {
			if err := row.set(&g, row.Default); err != nil {
				return g, err
			}
		}
		if err := row.check(&g); err != nil {
			return g, err
		}
	}
	return g, nil
}

// maxPictureLimit bounds what one request may make the server hold, 64 MiB.
const maxPictureLimit = 64 << 20

func guessNames() []string {
	names := make([]string, len(guessTable))
	for i, row := range guessTable {
		names[i] = row.Name
	}
	return names
}

func xmlName(s string) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}
