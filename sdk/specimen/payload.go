package specimen

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

// The form of the strip's data, version 1:
//
//	0xD1                magic and version in one; it also keeps the QR code in byte mode
//	side                1 portrait, 2 emblem
//	fields              portrait: name, sex, ethnicity, birth, address, number
//	                    emblem: authority, valid from, valid until
//	CRC-32 (IEEE)       4 bytes, big endian, of everything before
//
// A text is its length in bytes (one byte) and GB 18030, which needs two bytes a Chinese character
// where UTF-8 needs three, and so a smaller code. A day is an unsigned varint: 0 none, 1 长期, else
// ((year×12 + month-1)×31 + day-1) + 2. A number of 18 characters is 8 bytes, big endian: its first
// 17 digits × 11 + its check character (X is 10), + 1; zero, with a text behind it, is any other.
const (
	payloadMagic    = 0xD1
	payloadPortrait = 1
	payloadEmblem   = 2
	payloadCRC      = 4
)

var (
	errPayload   = errors.New("specimen: not the data of a strip")
	errUnwritten = errors.New("specimen: a field cannot be written into a strip")
)

// encodePayload returns the data for t's strip. It fails for a text of more than 255 bytes, a day that
// is none and an unknown side.
func encodePayload(t Truth) ([]byte, error) {
	w := &payloadWriter{b: []byte{payloadMagic}}
	switch t.Side {
	case shared.SidePortrait:
		w.b = append(w.b, payloadPortrait)
		w.text(t.Name)
		w.text(t.Sex)
		w.text(t.Ethnicity)
		w.day(t.BirthDate)
		w.text(t.Address)
		w.number(t.Number)
	case shared.SideEmblem:
		w.b = append(w.b, payloadEmblem)
		w.text(t.Authority)
		w.day(t.ValidFrom)
		w.day(t.ValidUntil)
	case shared.SideDetect, shared.SideBoth:
		w.failed = true
	default:
		w.failed = true
	}
	if w.failed {
		return nil, errUnwritten
	}
	return binary.BigEndian.AppendUint32(w.b, crc32.ChecksumIEEE(w.b)), nil
}

// decodePayload reads what encodePayload wrote; anything else is an error.
func decodePayload(b []byte) (Truth, error) {
	if len(b) < 2+payloadCRC || b[0] != payloadMagic {
		return Truth{}, errPayload
	}
	body, sum := b[:len(b)-payloadCRC], b[len(b)-payloadCRC:]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(sum) {
		return Truth{}, errPayload
	}
	r := &payloadReader{b: body[2:]}
	var t Truth
	switch body[1] {
	case payloadPortrait:
		t = Truth{Side: shared.SidePortrait, Name: r.text(), Sex: r.text(), Ethnicity: r.text(), BirthDate: r.day(),
			Address: r.text(), Number: r.number()}
	case payloadEmblem:
		t = Truth{Side: shared.SideEmblem, Authority: r.text(), ValidFrom: r.day(), ValidUntil: r.day()}
	default:
		return Truth{}, errPayload
	}
	if r.failed || len(r.b) != 0 {
		return Truth{}, errPayload
	}
	return t, nil
}

// dayLongTerm and dayFirst are the values of a day that is none of the calendar, and of the first one.
const (
	dayNone     = 0
	dayLongTerm = 1
	dayFirst    = 2
)

type payloadWriter struct {
	b      []byte
	failed bool
}

func (w *payloadWriter) text(s string) {
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(s)
	if err != nil || len(gb) > 255 {
		w.failed = true
		return
	}
	w.b = append(w.b, byte(len(gb)))
	w.b = append(w.b, gb...)
}

func (w *payloadWriter) day(s string) {
	v := uint64(dayNone)
	switch d, ok := parseDay(s); {
	case s == shared.LongTerm:
		v = dayLongTerm
	case ok:
		v = (uint64(d.Year)*12+uint64(d.Month)-1)*31 + uint64(d.Day) - 1 + dayFirst
	case s != "":
		w.failed = true
	}
	w.b = binary.AppendUvarint(w.b, v)
}

func (w *payloadWriter) number(s string) {
	packed, ok := packNumber(s)
	w.b = binary.BigEndian.AppendUint64(w.b, packed)
	if !ok {
		w.text(s)
	}
}

// packNumber returns 0 and false for what is not 17 digits and a check character, right or wrong.
func packNumber(s string) (uint64, bool) {
	if len(s) != 18 {
		return 0, false
	}
	var n uint64
	for i := range 17 {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	check := strings.IndexByte("0123456789X", s[17])
	if check < 0 {
		return 0, false
	}
	return n*11 + uint64(check) + 1, true
}

type payloadReader struct {
	b      []byte
	failed bool
}

func (r *payloadReader) take(n int) []byte {
	if r.failed || n > len(r.b) {
		r.failed = true
		return make([]byte, n)
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *payloadReader) text() string {
	gb := r.take(int(r.take(1)[0]))
	s, err := simplifiedchinese.GB18030.NewDecoder().String(string(gb))
	if err != nil || strings.ContainsRune(s, utf8.RuneError) { // what is no GB 18030 decodes to U+FFFD
		r.failed = true
	}
	return s
}

func (r *payloadReader) day() string {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.failed = true
		return ""
	}
	r.take(n)
	switch v {
	case dayNone:
		return ""
	case dayLongTerm:
		return shared.LongTerm
	}
	v -= dayFirst
	const lastYear = 9999
	d := idcard.Date{Month: int(v/31%12) + 1, Day: int(v%31) + 1}
	if v /= 12 * 31; v <= lastYear {
		d.Year = int(v)
	}
	if !d.Valid() {
		r.failed = true
	}
	return d.String()
}

func (r *payloadReader) number() string {
	v := binary.BigEndian.Uint64(r.take(8))
	if v == 0 {
		return r.text()
	}
	v--
	const first17 = 1e17
	check := "0123456789X"[v%11]
	if v /= 11; v >= first17 {
		r.failed = true
		return ""
	}
	digits := []byte("00000000000000000")
	for i := len(digits) - 1; i >= 0; i, v = i-1, v/10 {
		digits[i] = '0' + byte(v%10)
	}
	return string(digits) + string(check)
}
