package picture

import (
	"bytes"
	"encoding/binary"
)

// Markers of JPEG (ITU-T T.81, table B.1).
const (
	jpegSOF0  = 0xC0 // baseline
	jpegSOF1  = 0xC1 // sequential
	jpegSOF2  = 0xC2 // progressive
	jpegSOF15 = 0xCF
	jpegDHT   = 0xC4 // stands among the SOFs and is none, like the two below
	jpegJPG   = 0xC8
	jpegDAC   = 0xCC
	jpegRST0  = 0xD0
	jpegRST7  = 0xD7
	jpegSOI   = 0xD8
	jpegEOI   = 0xD9
	jpegSOS   = 0xDA
	jpegDQT   = 0xDB
	jpegDRI   = 0xDD
	jpegAPP0  = 0xE0
	jpegAPP1  = 0xE1
	jpegAPP2  = 0xE2
	jpegAPP14 = 0xEE
	jpegAPP15 = 0xEF
	jpegCOM   = 0xFE
)

// jpegYCbCr is the transform of Adobe's segment that stands for the usual colours; 0 stands for RGB.
const jpegYCbCr = 1

// jpegSegment is one segment of a JPEG file, the marker included. That of a scan goes on to the end of
// its entropy-coded data.
type jpegSegment struct {
	marker  byte
	bytes   []byte
	payload []byte // after marker and length; nil for those without
}

// nextJPEG returns the segment at or after pos and where it ends. Like the decoders it skips bytes
// between segments. ok is false where the file ends before the segment does.
func nextJPEG(data []byte, pos int) (s jpegSegment, end int, ok bool) {
	for {
		i := bytes.IndexByte(data[pos:], 0xFF)
		if i < 0 || pos+i+1 >= len(data) {
			return s, 0, false
		}
		pos += i
		s.marker = data[pos+1]
		// 0xFF is a fill byte, 0x00 an escape of entropy-coded data; restarts have lost their scan.
		if s.marker != 0xFF && s.marker != 0 && (s.marker < jpegRST0 || s.marker > jpegRST7) {
			break
		}
		pos++
	}
	if s.marker == jpegEOI {
		s.bytes = data[pos : pos+2]
		return s, pos + 2, true
	}
	if pos+4 > len(data) {
		return s, 0, false
	}
	end = pos + 2 + int(binary.BigEndian.Uint16(data[pos+2:]))
	if end < pos+4 || end > len(data) {
		return s, 0, false
	}
	s.payload = data[pos+4 : end]
	if s.marker == jpegSOS {
		if end = scanEnd(data, end); end < 0 {
			return s, 0, false
		}
	}
	s.bytes = data[pos:end]
	return s, end, true
}

// scanEnd returns where the entropy-coded data from pos on ends: at the next marker that is no
// restart. It is -1 if there is none.
func scanEnd(data []byte, pos int) int {
	for {
		i := bytes.IndexByte(data[pos:], 0xFF)
		if i < 0 || pos+i+1 >= len(data) {
			return -1
		}
		pos += i
		if m := data[pos+1]; m != 0 && m != 0xFF && (m < jpegRST0 || m > jpegRST7) {
			return pos
		}
		pos++
	}
}

// inspectJPEG reads the segments up to the first scan.
func inspectJPEG(data []byte) (info Info, ok bool) {
	for pos := 2; ; {
		// The scan itself is not walked: a cut one is found by decoding.
		s, end, whole := nextJPEG(data, pos)
		switch {
		case s.marker == jpegSOS:
			return info, ok
		case !whole, s.marker == jpegEOI:
			return info, false
		case isSOF(s.marker):
			if ok || !readSOF(s, &info) {
				return info, false
			}
			ok = true
		case s.marker == jpegAPP1 && info.Orientation == 0:
			if exif, found := bytes.CutPrefix(s.payload, []byte(exifPrefix)); found {
				info.Orientation = exifOrientation(exif)
			}
		}
		pos = end
	}
}

func isSOF(marker byte) bool {
	return marker >= jpegSOF0 && marker <= jpegSOF15 && marker != jpegDHT && marker != jpegJPG && marker != jpegDAC
}

// readSOF reads the size, and estimates what decoding takes: a byte for each sample, and in the
// progressive mode four more for its coefficient.
func readSOF(s jpegSegment, info *Info) bool {
	p := s.payload
	if len(p) < 6 || len(p) < 6+3*int(p[5]) || p[5] == 0 {
		return false
	}
	info.Height, info.Width = int(binary.BigEndian.Uint16(p[1:])), int(binary.BigEndian.Uint16(p[3:]))
	info.Progressive = s.marker == jpegSOF2
	most, sum := int64(1), int64(0)
	for c := p[6:]; len(c) >= 3; c = c[3:] {
		samples := int64(c[1]>>4) * int64(c[1]&15)
		most, sum = max(most, samples), sum+samples
	}
	info.decoded = info.pixels() * sum / most
	if info.Progressive {
		info.decoded *= 5
	}
	return true
}

// maxScans is how many scans of a progressive JPEG are decoded. Encoders write about ten. Each makes the
// decoder walk over the whole picture, however few bytes it has: without a bound a file of 100 KiB
// takes minutes.
const maxScans = 100

// tooManyScans reports whether a JPEG has more than [maxScans].
func tooManyScans(data []byte) bool {
	scans := 0
	for pos := 2; ; {
		s, end, ok := nextJPEG(data, pos)
		if !ok || s.marker == jpegEOI {
			return false // the decoder finds no more either
		}
		if s.marker == jpegSOS {
			if scans++; scans > maxScans {
				return true
			}
		}
		pos = end
	}
}

// stripJPEG copies a JPEG without its metadata and without whatever follows it. Of the application
// segments it keeps those that say how to read the samples: JFIF (its preview taken out), the ICC
// profile and Adobe's, which tells RGB and CMYK from YCbCr. ok is false if the file cannot be walked to
// its end.
func stripJPEG(data []byte) (clean []byte, ok bool) {
	clean = append(make([]byte, 0, len(data)), 0xFF, jpegSOI)
	for pos := 2; ; {
		s, end, whole := nextJPEG(data, pos)
		if !whole {
			return nil, false
		}
		pos = end
		switch {
		case s.marker == jpegEOI:
			return append(clean, s.bytes...), true
		case s.marker == jpegAPP0 && bytes.HasPrefix(s.payload, []byte("JFIF\x00")) && len(s.payload) >= jfifLength:
			clean = append(clean, 0xFF, jpegAPP0, 0, 2+jfifLength)
			clean = append(clean, s.payload[:jfifLength-2]...)
			clean = append(clean, 0, 0)
		case s.marker == jpegAPP2 && bytes.HasPrefix(s.payload, []byte("ICC_PROFILE\x00")),
			s.marker == jpegAPP14 && bytes.HasPrefix(s.payload, []byte("Adobe")),
			(s.marker < jpegAPP0 || s.marker > jpegAPP15) && s.marker != jpegCOM:
			clean = append(clean, s.bytes...)
		}
	}
}

// jfifLength is the length of a JFIF header's payload without a preview, whose size its last two bytes
// are.
const jfifLength = 14
