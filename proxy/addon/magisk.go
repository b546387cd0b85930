package addon

import (
	"archive/zip"
	"bytes"
	"crypto/md5"
	"crypto/x509"
	"encoding/binary"
	"fmt"
)

// magiskInstaller is what Magisk runs to install a module.
const magiskInstaller = `#!/sbin/sh
umask 022
OUTFD=$2
ZIPFILE=$3
mount /data 2>/dev/null
if [ ! -f /data/adb/magisk/util_functions.sh ]; then
  echo "Please install Magisk 20.4 or later"
  exit 1
fi
. /data/adb/magisk/util_functions.sh
install_module
exit 0
`

// magiskModule returns a module for Magisk that makes a certificate one of those that an Android system trusts.
func magiskModule(c *x509.Certificate, pem []byte) ([]byte, error) {
	// Android finds a certificate by the old hash of OpenSSL: the first bytes of the MD5 of the subject, the lowest first.
	sum := md5.Sum(c.RawSubject)
	name := fmt.Sprintf("system/etc/security/cacerts/%08x.0", binary.LittleEndian.Uint32(sum[:]))
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"module.prop", []byte("id=sluicecert\nname=Certificate of sluice\nversion=1\nversionCode=1\nauthor=sluice\n" +
			"description=Makes the system trust the certificate of a sluice proxy.\n")},
		{"META-INF/com/google/android/update-binary", []byte(magiskInstaller)},
		{"META-INF/com/google/android/updater-script", []byte("#MAGISK\n")},
		{name, pem},
	} {
		w, err := z.Create(f.name)
		if err == nil {
			_, err = w.Write(f.data)
		}
		if err != nil {
			return nil, err
		}
	}
	err := z.Close()
	return b.Bytes(), err
}
