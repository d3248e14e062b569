#!/usr/bin/env bash
# A JDK 17 and Maven in a folder of their own: `java.sh FOLDER`.
#
# The JDK comes out of this Debian's packages, by an apt with a state of its own, unpacked into FOLDER;
# Maven is the official archive, checked against its published sum. The system's packages stay as they
# are, and no rights are needed beyond writing to FOLDER.
#
# Afterwards: JAVA_HOME=FOLDER/jdk PATH=FOLDER/jdk/bin:FOLDER/maven/bin:$PATH mvn test
set -euo pipefail

maven=3.9.9
folder=$(realpath -m "$1")

for tool in apt-get dpkg-deb curl; do
    command -v "$tool" >/dev/null || {
        echo "There is no $tool here: this way to a JDK is Debian's. Install JDK 17 and Maven and put" \
             "them on the PATH instead." >&2
        exit 1
    }
done

rm -rf "$folder.part"
mkdir -p "$folder.part/packages"
trap 'rm -rf "$folder.part"' EXIT
cd "$folder.part/packages"

# 1. The JDK. What it links against beyond itself is small, and comes along.
packages=(openjdk-17-jre-headless openjdk-17-jdk-headless libjpeg62-turbo libpcsclite1)
mkdir -p ../lists/partial
apt=(apt-get -qq -o "Dir::State::Lists=$folder.part/lists" -o Acquire::Languages=none
    -o Acquire::Retries=3 -o APT::Sandbox::User=root)
"${apt[@]}" update
"${apt[@]}" download "${packages[@]}"
for package in *.deb; do dpkg-deb --fsys-tarfile "$package" | tar -x -C ..; done
cd ..
mv usr/lib/jvm/java-17-openjdk-* jdk
cp usr/lib/*-linux-gnu/*.so* jdk/lib/
# Settings are links into the system, where this JDK is not installed.
find jdk -type l | while read -r link; do
    target=$(readlink "$link")
    case $target in /etc/java-17-openjdk/*) cp --remove-destination ".$target" "$link" ;; esac
done

# 2. The authorities that this system trusts, in the format that is read without a password.
cat >Trust.java <<'JAVA'
import java.io.*;
import java.security.KeyStore;
import java.security.cert.*;

class Trust {
    public static void main(String[] paths) throws Exception {
        KeyStore store = KeyStore.getInstance("JKS");
        store.load(null, null);
        int number = 0;
        try (InputStream bundle = new FileInputStream(paths[0])) {
            for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(bundle))
                store.setCertificateEntry("ca-" + number++, each);
        }
        try (OutputStream file = new FileOutputStream(paths[1])) { store.store(file, "changeit".toCharArray()); }
    }
}
JAVA
rm -f jdk/lib/security/cacerts
jdk/bin/java Trust.java "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" jdk/lib/security/cacerts

# 3. Maven.
archive=apache-maven-$maven-bin.tar.gz
url=https://repo.maven.apache.org/maven2/org/apache/maven/apache-maven/$maven/$archive
curl -sSfL --retry 3 -o "$archive" "$url"
echo "$(curl -sSfL --retry 3 "$url.sha512")  $archive" | sha512sum --check --quiet
tar -xzf "$archive"
mv "apache-maven-$maven" maven

rm -rf "$folder"
mkdir -p "$folder"
mv jdk maven "$folder/"
JAVA_HOME=$folder/jdk "$folder/maven/bin/mvn" --version
