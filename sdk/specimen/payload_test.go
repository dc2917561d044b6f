package specimen

import (
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed-6b91b535/idrec/sdk/idcard"
	"github.com/seed-6b91b535/idrec/shared"
)

// drawTruth gives truths of both sides, contradictory ones among them.
func drawTruth(t *rapid.T) Truth {
	text := func(label string) string {
		return string(rapid.SliceOfN(rapid.SampledFrom(characters()), 0, 40).Draw(t, label))
	}
	day := rapid.Custom(func(t *rapid.T) string {
		d := idcard.Date{Year: rapid.IntRange(1, 9999).Draw(t, "y"), Month: rapid.IntRange(1, 12).Draw(t, "m"), Day: rapid.IntRange(1, 31).Draw(t, "d")}
		for !d.Valid() {
			d.Day--
		}
		return rapid.SampledFrom([]string{d.String(), "", shared.LongTerm}).Draw(t, "day")
	})
	if rapid.Bool().Draw(t, "emblem") {
		return Truth{Side: shared.SideEmblem, Authority: text("authority"), ValidFrom: day.Draw(t, "from"), ValidUntil: day.Draw(t, "until")}
	}
	return Truth{Side: shared.SidePortrait, Name: text("name"), Sex: text("sex"), Ethnicity: text("ethnicity"), BirthDate: day.Draw(t, "birth"),
		Address: text("address"), Number: rapid.OneOf(rapid.StringMatching(`[0-9]{17}[0-9X]`), rapid.StringMatching(`[0-9A-Z]{0,20}`)).Draw(t, "number")}
}

func TestPayloadRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		truth := drawTruth(t)
		b, err := encodePayload(truth)
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodePayload(b)
		if err != nil || back != truth {
			t.Fatalf("%+v came back as %+v, %v", truth, back, err)
		}
		i := rapid.IntRange(0, len(b)-1).Draw(t, "at")
		b[i] ^= byte(rapid.IntRange(1, 255).Draw(t, "with"))
		if _, err := decodePayload(b); err == nil {
			t.Fatalf("a changed byte %d went unseen", i)
		}
	})
}

// TestPayloadOfVersion1 holds the bytes: pictures that were written must stay readable.
func TestPayloadOfVersion1(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		truth Truth
		data  string
	}{
		{Cast()[3].Truth(shared.SidePortrait), "d10108ccef9534b235c8f002c4d002baba988f2d1cc9c2cef7caa1e1b0dcabcfd8b3cec6bad5f29bb8ccc1b4e53131bac509724e0ea9d9f3b7267ca904"},
		{Cast()[1].Truth(shared.SideEmblem), "d1020cf6abb4a8cfd8b9abb0b2bed6e6ea2d012d4420e3"},
	} {
		b, err := encodePayload(v.truth)
		if err != nil || hex.EncodeToString(b) != v.data {
			t.Errorf("%x, %v", b, err)
		}
	}
}

func TestPayloadRefusesWhatItCannotHold(t *testing.T) {
	t.Parallel()
	for name, truth := range map[string]Truth{
		"no side":      {},
		"both sides":   {Side: shared.SideBoth},
		"another side": {Side: "edge"},
		"long text":    {Side: shared.SideEmblem, Authority: strings.Repeat("长", 128)},
		"no day":       {Side: shared.SideEmblem, ValidFrom: "2001-02-29"},
	} {
		if _, err := encodePayload(truth); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// sealed puts magic and sum around a body, as a forger would.
func sealed(body ...byte) []byte {
	b := append([]byte{payloadMagic}, body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func FuzzDecodePayload(f *testing.F) {
	for _, p := range Cast() {
		for _, side := range []shared.Side{shared.SidePortrait, shared.SideEmblem} {
			b, err := encodePayload(p.Truth(side))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b[1 : len(b)-payloadCRC])
		}
	}
	f.Add([]byte{payloadEmblem, 255, 1, 2})
	f.Add([]byte{payloadEmblem, 1, 0xFF, 0, 0})
	f.Add([]byte{payloadEmblem, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0})
	f.Fuzz(func(t *testing.T, body []byte) {
		truth, err := decodePayload(sealed(body...))
		if err != nil {
			return
		}
		again, err := encodePayload(truth)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if back, err := decodePayload(again); err != nil || back != truth {
			t.Fatalf("%+v came back as %+v, %v", truth, back, err)
		}
	})
}
