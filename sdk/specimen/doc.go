// Package specimen invents people, draws their resident identity cards, and gives the truth beside
// each picture. Tests, the demonstration, the embedded vendor and the training of readers live on it.
//
//   - [People] and [Cast] invent people. Nobody is real: see below.
//   - [Draw] draws a side of a card; [Scene] lays a card on a desk.
//   - [Photo] takes cards as phones, scanners and copiers show them; [PhotoSet] is an endless row of
//     such photos, in families that share nothing for learning, tuning and testing.
//   - [Truth] is what a picture shows, as the record writes it.
//   - [ReadStrip] reads the truth back from the code that every specimen carries.
//   - [Generate], [GeneratePhotos] and [DemoSet] write pictures and truths into a folder.
//   - [Recognizer] is a [shared.Recognizer] that knows specimens only.
//
// # Nobody is real
//
// Every number has the province right and a city code of 88, which GB/T 2260 has never used (cities
// and prefectures have 01 to 70, counties directly under a province 90): so no number here was ever
// given to anybody. Cities, counties, streets and the authorities are invented by syllables.
//
// # Nobody can be deceived
//
// 样本 (specimen) is burnt into both sides without a switch, large under the text and small beside it.
// The portrait is a drawn outline that is the same on every card but for its tones, and no picture can
// be given for it. The emblem is a plain star in a ring, not that of the state.
//
// # The code strip
//
// Like the test cards of a payment sandbox, a specimen carries its own data: a QR code (ISO/IEC 18004,
// error correction M) over the portrait or the emblem, where no field is. payload.go says what
// is in it. [Options.NoStrip] leaves it out, for engines that really read.
//
// # Photos
//
// A photo is put together in this order, each step in a file of its own: the card's print, which differs
// from card to card (look.go); how it lies and from where it is seen (pose.go, arrange.go); what lies
// under it (backdrop.go, page.go, othercard.go); light, shadow and glare (light.go); lens, sensor and
// file (camera.go, plane.go). Offices' scans and copies have copier.go and stamp.go instead of the last
// two. [PhotoTruth] says where everything is, and [LineTruth.Contrast] what is left of it to be read.
//
// # Fonts
//
// fonts/ holds an OFL subset of Noto Sans CJK SC and a free OCR-B, the licences beside them, and
// build.py, which makes both.
package specimen
