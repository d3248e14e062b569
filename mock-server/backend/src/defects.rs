//! Defects that are planted on purpose, to prove that the conformance suite finds them.
//!
//! Each breaks one rule of PROTOCOL.md, and names the check that has to see it. They exist only with the feature
//! `defects`, which the mutation run turns on and no server that ships; without it `active` is a constant `false` and
//! the compiler removes them. With it a backend has none until one is planted in it.

use fulmar_protocol::OperationKey;

/// `Name "3.5.1" "what is done wrong";`
macro_rules! defects {
    ($($name:ident $check:literal $doc:literal;)*) => {
        /// A known way of getting it wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[cfg_attr(not(feature = "defects"), allow(dead_code, unreachable_pub))]
        pub enum Defect {
            $(#[doc = $doc] $name,)*
        }

        #[cfg(feature = "defects")]
        impl Defect {
            /// Every defect that can be planted.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The number of the check that has to see it.
            #[must_use]
            pub fn check(self) -> &'static str {
                match self {
                    $(Self::$name => $check,)*
                }
            }

            /// What is done wrong.
            #[must_use]
            pub fn says(self) -> &'static str {
                match self {
                    $(Self::$name => $doc,)*
                }
            }
        }
    };
}

defects! {
    // §2 and §3: form, and the WebSocket.
    TakesLists "2.1.2" "A list of its fields is taken for an object.";
    SecondsForTimes "2.2.1" "Times are in seconds.";
    ClosesOnUnknownFrames "2.4.2" "A frame of an unknown type closes the socket.";
    StopsAtUnknownMethods "2.4.3" "An unknown method fails the whole submit.";
    RightsFirst "2.4.9" "Whether one may write is looked at before it is known whether there is such a message.";
    ValuesFirst "2.4.5" "A value is looked at before it is known whether one may.";
    SpeaksEveryVersion "2.5.1" "Every version of the protocol is taken for this one.";
    NoTokenInHandshake "3.1.1" "The token of the handshake is not looked at.";
    HandshakeWins "3.1.3" "The token of the handshake wins over that of the hello.";
    HearsBeforeHello "3.2.1" "What comes before hello is ignored.";
    HelloTwice "3.2.2" "A second hello is ignored.";
    ShortMemory "3.3.1" "Operation keys are said to be kept for a day.";
    SkipsWhatWasMissed "3.3.2" "After ready only new events are sent.";
    FollowsAnyLog "3.3.3" "Another log is followed as if it were the user's.";
    PresenceAmongEvents "3.3.4" "Presence comes among the events that were missed.";
    PongOfAnother "3.5.1" "A pong has another id than its ping.";
    AnyPing "3.5.3" "A ping with a number that is too large is answered.";
    PongAhead "3.5.2" "A pong names an event that was not sent.";
    FreshTokenBreaksSocket "3.6.1" "A fresh token closes the socket.";
    KeepsBadToken "3.6.2" "A bad fresh token is ignored.";
    TakesAnothersToken "3.6.3" "A fresh token of another session, or user, is taken.";
    AnonymousRefusal "3.7.1" "A submit that is refused as a whole is answered without its submitId.";
    BadTokenGoesAway "3.8.1" "A bad token closes with 1001.";
    TakesNonsense "3.8.2" "What is no frame is ignored.";
    KeepsEndedSessions "3.8.3" "The sockets of a session that ended stay open.";
    AnswersStrangers "3.8.5" "Before the close there is an outcome for who did not say hello.";
    HangsUpOnSubmits "3.8.6" "A submit that cannot be read closes the socket.";
    TypingIsLost "3.10.1" "Nobody is told who types.";
    TypingOfAnybody "3.10.2" "Typing of who may not write is passed on.";
    TypingEchoes "3.10.3" "Who types is told of it.";
    TypesForEver "3.10.4" "Who types and goes is not said to have stopped.";
    GoesUnseen "3.11.1" "Who goes is not said to be offline.";
    ShowsHidden "3.11.2" "Who hides is shown.";
    ShowsBlocked "3.11.3" "Users who have blocked each other see each other.";
    ShowsToStrangers "3.11.4" "Everyone is told who is there.";

    // §4: what there is.
    ManyPerPair "4.1.1" "A pair begins a new direct conversation each time.";
    WholeHistory "4.1.2" "All messages come with a conversation.";
    SameRevision "4.2.1" "A change keeps the revision.";
    PositionsWithHoles "4.2.2" "Positions leave out every second number.";
    SharesKeys "4.2.3" "Two senders may use the same key.";
    ReadsBackward "4.3.1" "The pointer to what is read can fall.";
    ReadIsNotDelivered "4.3.1" "What is read is not delivered.";
    CountsOwn "4.3.2" "One's own messages are unread.";
    CountsHidden "4.3.3" "What one has hidden stays unread.";
    HidesWithoutCounts "4.3.3" "Hiding does not tell what is unread.";
    CountsNotices "4.3.4" "Notices are unread.";
    ForgetsDeleted "4.3.4" "Deleted messages are not unread.";
    MembersRetitle "4.4.1" "Members change the title.";
    MembersManage "4.4.1" "Members add and remove people.";
    NoNotices "4.4.2" "Nothing is said of changes.";
    MembersWrite "4.4.3" "Members write where only admins do.";
    NoNextAdmin "4.4.4" "A group is left without an admin.";
    ModeratorsOpen "4.4.5" "Moderators change who writes, and the context.";
    ModeratorsManage "4.4.5" "Moderators change people.";
    ModeratorsDeleteNothing "4.4.5" "Moderators delete no messages of others.";
    MembersEdit "4.4.6" "Members edit where only admins write.";
    MembersReact "4.4.6" "Members react where only admins write.";
    NoticeUnderNewKey "4.4.7" "A notice has a key of its own.";
    FirstAdmin "4.4.8" "The member who is longest there becomes admin before the moderators.";
    MembersPin "4.4.9" "Members pin where only admins write.";
    SettingsForget "4.5.1" "What an update of settings leaves out is reset.";
    StaysMarked "4.5.2" "What is read stays marked unread.";
    ThreadsWithHoles "4.6.1" "Places in a thread leave out every second number.";
    RootUnchanged "4.6.2" "A message in a thread does not change its root.";
    ThreadsInThreads "4.6.3" "There are threads under messages of threads.";
    ThreadsUnderNotices "4.6.3" "There are threads under notices.";
    AnyRoot "4.6.4" "A root of another conversation is taken.";
    ThreadPagesOfAll "4.6.5" "A page of a thread has all messages.";
    AnySize "4.7.1" "The size of an attachment is not looked at.";
    AnyHash "4.7.1" "The hash of an attachment is not looked at.";
    AttachesOfOthers "4.7.2" "Files of others are attached.";
    AttachesParts "4.7.3" "Files of which bytes are missing are attached.";
    AnyAttachment "4.7.4" "Names and types of attachments have no bounds.";
    ManyAttachments "4.7.4" "A message has any number of attachments.";
    OldestPinFirst "4.9.2" "The oldest pin is the first.";
    DeletedStaysPinned "4.9.2" "What is deleted stays pinned.";
    ShowsHiddenPins "4.9.3" "What one has hidden is among what is pinned.";

    // §5: operations.
    TellsWhoIsGone "5.1.19" "Who takes no part any more is told what became of a message of theirs.";
    ForgetsKeys "5.1.1" "A key is forgotten at once.";
    OldAnswers "5.1.1" "A key is answered with the message as it was.";
    NoConflict "5.1.2" "The same key for something else is answered as if it were the same.";
    RemembersRefused "5.1.3" "The key of a refused operation is remembered.";
    AppliesHalf "5.1.4" "What fails leaves what was done before it failed.";
    TellsNullApart "5.1.6" "A null is not the same as an absent field.";
    NoNoticeOrder "6.2.10" "A notice comes before what it tells of.";
    SkipsNothing "5.2.1" "After a failure the conversation's rest is tried.";
    SkipsEverything "5.2.1" "After a failure other conversations are skipped, too.";
    TakesFormerSubmits "5.2.5" "A submit is applied after a later one.";
    OrdersSocketsAlone "5.2.5" "Submits over HTTP have no order.";
    SaysNoOrder "5.2.5" "Who was overtaken is not told by what.";
    TakesCopies "5.2.6" "A submit that comes twice is applied twice.";
    OrdersUsers "5.2.7" "The sessions of a user have one order.";
    LimitsFirst "5.2.8" "Whether a submit is too much is looked at before its order.";
    TriesThePerson "5.2.4" "After a failure the rest to the same person is tried.";
    NoSeq "5.3.1" "An outcome does not name the log's newest event.";
    NamesNoLog "5.3.3" "The answer to a submit does not name the log.";
    TakesBlank "5.4.1" "Blank texts are taken.";
    TakesLong "5.4.1" "Texts of any length are taken.";
    MentionsAnybody "5.4.2" "Mentions of people who take no part are kept.";
    AnswersElsewhere "5.4.2" "Answers to messages of other conversations are kept.";
    SendsToOneself "5.4.3" "A message to a person may be to oneself.";
    ForwardsAsOwn "5.4.4" "It is not told who wrote what was forwarded.";
    AnyPayload "5.4.5" "Payloads have no bounds.";
    ForwardsAnything "5.4.6" "What one may not read is forwarded.";
    ForwardsDeleted "5.4.6" "What was deleted is forwarded.";
    LastForwarder "5.4.7" "Who forwarded it is named, not who wrote it.";
    PersonCounts "5.4.9" "A person counts more than the conversation beside it.";
    BeyondTheLast "5.5.1" "A pointer goes beyond the last message.";
    AnyTitle "5.6.1" "Titles have no bounds.";
    NobodyIsInvalid "5.6.1" "A user who does not exist is an invalid value.";
    EditsOfOthers "5.7.1" "Anybody edits a message.";
    EditsNotices "5.7.2" "Notices are edited.";
    EditsDeleted "5.7.2" "Deleted messages are edited.";
    EditsForwards "5.7.3" "Forwarded messages are edited.";
    TellsSameText "5.7.4" "An edit that changes nothing is told of.";
    DeletesOfOthers "5.8.1" "Anybody deletes a message.";
    DeletedKeepsText "5.8.1" "A deleted message keeps its text.";
    HidesForAll "5.8.2" "What one hides is deleted for everyone.";
    DeletesNotices "5.8.3" "Notices are deleted.";
    DeletedKeepsReactions "5.8.4" "A deleted message keeps its reactions.";
    KeepsReactions "5.9.1" "A reaction that is taken back stays.";
    ManySpellings "5.9.2" "A reaction is kept as it was written.";
    AnyReaction "5.9.3" "A reaction is any text.";
    ManyReactions "5.9.4" "One person sets any number of reactions.";
    ManyEmoji "5.9.4" "There is any number of different reactions.";
    ReactionsMove "5.9.5" "An emoji moves when who set it first takes it back.";
    NoReactionsToNotices "5.9.6" "Nobody reacts to a notice.";
    UpdateForgets "5.10.1" "What an update leaves out is gone.";
    KeepsPicture "5.10.2" "An empty address changes no picture.";
    ReadsAfterLeaving "5.11.1" "Who was removed still reads.";
    UnreadForNewcomers "5.11.2" "All of before is unread for who comes in.";
    NoAdminLeft "5.11.3" "The last admin is demoted.";
    LeavesDirect "5.11.4" "A direct conversation can be left.";
    JoinsTwice "5.11.5" "Who takes part already is told of again.";
    ReadsById "5.11.6" "Anybody reads a message whose id they know.";
    SilentForEver "5.12.1" "A silence that is over is kept.";
    HidesTheFuture "5.12.1" "A conversation is hidden beyond its last message.";
    PinsWithoutNotice "5.13.1" "A pin is not told of by a notice.";
    PinsAgain "5.13.1" "A second pin takes the place of the first.";
    PinsForGood "5.13.2" "Nothing is unpinned.";
    MembersPinOthers "5.13.3" "Members pin what others wrote.";
    PinsNotices "5.13.3" "Notices are pinned.";
    ManyPins "5.13.4" "Any number of messages is pinned.";

    // §6: events.
    EventsTwice "6.1.1" "An event is in the log twice.";
    NoConversationCreated "6.2.1" "A new conversation is not told of.";
    NoConversationUpdated "6.2.1" "A new title is not told of.";
    NoConversationRemoved "6.2.1" "Who was removed is not told.";
    NoMessageCreated "6.2.1" "A new message is not told of.";
    NoMessageUpdated "6.2.1" "A changed message is not told of.";
    NoSettingsUpdated "6.2.2" "Settings are not told to the user's other devices.";
    SettingsForAll "6.2.2" "Settings are told to others.";
    NewcomersUntold "6.2.3" "Who comes in is not told of the conversation.";
    NoParticipantsAdded "6.2.3" "Those who are there are not told who came.";
    NoParticipantRemoved "6.2.4" "Those who stay are not told who left.";
    NoParticipantUpdated "6.2.4" "Another role is not told of.";
    NoUserUpdated "6.2.5" "A new name is not told of.";
    UserUpdatedForAll "6.2.5" "A new name is told to those who share no conversation.";
    NoBlocksUpdated "6.2.6" "The list of blocked users is not told.";
    NoReceiptUpdated "6.2.7" "Pointers are not told.";
    CountsOfOthers "6.2.7" "It is told what is unread for others.";
    HiddenToldToAll "6.2.8" "Everybody is told what one has hidden.";
    SyncsFromTheBeginning "6.3.1" "Sync does not look at since.";
    SyncsBeyondHead "6.3.2" "Sync takes any since.";
    SnapshotBehind "6.3.5" "A snapshot names an event before those that it contains.";

    // §7 to §9: HTTP, failures, limits.
    BadIsExpired "7.0.1" "A bad token is said to have run out.";
    ShowsConversations "7.0.2" "Anybody reads a conversation whose id they know.";
    SaysWhetherUserExists "7.1.1" "An unknown user is told apart from a wrong password.";
    RegistersTwice "7.1.2" "A user who exists is registered again.";
    ShortPasswords "7.1.2" "Passwords may be short.";
    EndsSessionsOfOthers "7.1.3" "Anybody ends a session whose id they know.";
    SignsOutNothing "7.1.4" "A logout does not end the session.";
    OldestSessionFirst "7.1.5" "The oldest session is the first.";
    ManySuccessors "7.2.1" "A refresh token has another successor each time.";
    ForgivesThieves "7.2.2" "An old refresh token ends nothing.";
    MadeUpTokensEndSessions "7.2.3" "A refresh token that was never given ends the session.";
    NoNewName "7.4.2" "A name cannot be changed.";
    OldestConversationFirst "7.4.3" "Conversations are listed the last active last.";
    KeepsMessagesOfDeleted "7.4.4" "The messages of a deleted account stay.";
    KeepsReactionsOfDeleted "7.4.4" "The reactions of a deleted account stay.";
    KeepsSessionsOfDeleted "7.4.5" "The sessions of a deleted account go on.";
    FreesIdsOfDeleted "7.4.5" "The id of a deleted account can be registered.";
    DeletesWithoutPassword "7.4.6" "An account is deleted with any password.";
    WritesToDeleted "7.4.7" "One writes to a deleted account.";
    BlockedWrite "7.4.1" "Who is blocked writes.";
    BlockedReach "7.4.8" "Who is blocked begins a conversation.";
    PagesFromTheStart "7.5.1" "A page before a place begins at the first message.";
    AroundNothing "7.5.2" "A message that is nowhere is taken for the newest.";
    AnyPageSize "7.5.3" "A page has as many messages as were asked for.";
    NewestVersionOnly "7.5.4" "Only what a message says now is told.";
    AnyNumber "7.5.6" "A number that cannot be read is passed over.";
    NoThreadIsAll "7.5.7" "Of a thread that is not there, a page has all messages.";
    KeepsVersions "7.5.5" "A deleted message keeps its versions.";
    SearchesEverything "7.6.1" "Messages of others are found.";
    FindsHidden "7.6.4" "What one has hidden is found.";
    FindsNotices "7.6.4" "Notices are found.";
    SamePageAgain "7.6.5" "A cursor begins again.";
    SpeaksForOthers "7.8.1" "A device registers push tokens for others.";
    TellsHidden "5.8.8" "The log goes on telling what one has hidden.";
    TellsDeletedWithConversations "5.8.9" "With a conversation the log goes on telling what a deleted message said.";
    OldConversations "5.8.10" "A repeated creation tells what a deleted message said.";
    TellsDeleted "5.8.5" "The log goes on telling what a deleted message said.";
    RestForgetsKeys "7.9.1" "A request under the same key is carried out again.";
    BodyCounts "7.9.7" "What the body says counts more than the path.";
    FindsBlockers "7.9.5" "Users who have blocked one are found.";
    RangesFromTheStart "7.10.2" "A part of a file begins at its first byte.";
    TakesBytesAnywhere "7.10.3" "Bytes that do not follow are taken.";
    TakesDamaged "7.10.4" "A file that is not what was announced is kept.";
    FilesForAll "7.10.5" "Anybody reads a file whose id they know.";
    AnyTus "7.10.6" "Every version of tus is taken for this one.";
    EmptyPartBeyond "7.10.7" "A part beyond the file is the whole file.";
    KeepsFiles "7.10.8" "A file stays when no message carries it any more.";
    AnyFileSize "7.10.9" "A file has any size.";
    UploadsOfOthers "7.10.10" "Anybody goes on with an upload whose id they know.";
    PlainProblems "8.0.1" "Problems are plain JSON.";
    NonsenseIsInvalid "8.0.2" "What is no JSON is a value that the rules forbid.";
    AnySubmit "9.0.1" "A submit has any number of operations.";
    AnyBody "9.0.2" "A body has any size.";
    AnyPicture "9.0.3" "Addresses of pictures have any length.";
    AnyContext "9.0.3" "Contexts have no bounds.";
    EditsElsewhere "5.7.5" "A message is edited through a conversation that it is not in.";
    DeletesElsewhere "5.8.6" "A message is deleted through a conversation that it is not in.";
    HidesElsewhere "5.8.6" "A message is hidden through a conversation that it is not in.";
    ReactsElsewhere "5.9.7" "One reacts through a conversation that the message is not in.";
    PinsElsewhere "5.13.5" "A message is pinned through a conversation that it is not in.";
    PagesForAnybody "7.0.4" "Anybody pages through a conversation whose id they know.";
    TellsWhoLeft "7.0.5" "Who left is told of later messages.";
    FindsOwnAfterLeaving "7.6.6" "Who left finds what they wrote there.";
    ReadsOwnById "7.9.8" "Who left reads by its id what they wrote there.";
    VersionsForAll "7.5.8" "Anybody reads the versions of a message whose id they know.";
    ModeratorsEdit "5.7.6" "Moderators and admins edit what others wrote.";
    ModeratorsWrite "4.4.11" "Moderators write where only admins do.";
    BlockedEdit "7.4.10" "Who is blocked edits.";
    BlockedReact "7.4.11" "Who is blocked reacts.";
    BlocksReceipts "5.5.3" "Who is blocked does not move their pointers.";
    BlocksInGroups "7.4.12" "Who is blocked does not write in groups.";
    DeletedKeepsPayload "5.8.7" "A deleted message keeps its payload, and what it answers.";
    ViewTellsHidden "5.8.7" "What one has hidden comes with the conversation.";
    TellsHiddenById "7.9.9" "What one has hidden is told by its id.";
    AroundTellsHidden "7.5.9" "A page around a place tells what one has hidden.";
    ForwardsHidden "5.4.10" "What one has hidden is forwarded.";
    ForgetsEdits "5.1.10" "The keys of edits are forgotten.";
    ForgetsDeletions "5.1.10" "The keys of deletions are forgotten.";
    ForgetsHiding "5.1.10" "The keys with which messages were hidden are forgotten.";
    ForgetsSettings "5.1.11" "The keys of settings are forgotten.";
    ForgetsReactions "5.1.12" "The keys of reactions are forgotten.";
    ForgetsTakingBack "5.1.12" "The keys with which reactions were taken back are forgotten.";
    ForgetsPins "5.1.13" "The keys of pins are forgotten.";
    ForgetsUpdates "5.1.14" "The keys of new titles are forgotten.";
    ForgetsAdditions "5.1.14" "The keys with which people were added are forgotten.";
    ForgetsRemovals "5.1.14" "The keys with which people were removed are forgotten.";
    ForgetsRoles "5.1.14" "The keys of roles are forgotten.";
    KeysOfSockets "5.1.15" "A key over a socket is another than over HTTP.";
    KeysEndWithSessions "5.1.15" "With a logout keys are forgotten.";
    ComparesTexts "5.1.16" "What has the same text means the same.";
    ComparesReceipts "5.1.16" "All pointers mean the same.";
    SharesNoticeKeys "5.1.17" "The key of a notice is free for others.";
    KeysOfRest "7.9.10" "A key of a request is another than that of an operation.";
    OneRepetition "7.2.5" "A refresh can be repeated once.";
    RepeatsFirstOnly "7.2.5" "Only the first refresh can be repeated.";
    ForgivesOlder "7.2.6" "A refresh token three back ends nothing.";
    StolenKeepsSockets "7.2.6" "The sockets of a stolen session stay open.";
    EndedKeepsSockets "7.1.6" "The sockets of a session that somebody ended stay open.";
    KindsAreGroups "2.4.6" "A conversation of an unknown kind is a group.";
    ValuesBeforePeople "2.4.7" "A text is looked at before it is known whether there is such a user.";
    AppliesTooMany "3.7.2" "A submit with too many operations is refused, and applied.";
    BeginsUnpaired "4.1.4" "A conversation that a message began is not found again.";
    EditsCountMentions "4.3.6" "An edit changes what mentions are unread.";
    CountsNoThreads "4.6.6" "Messages in threads are not unread.";
    TitlesOfNew "4.8.5" "The title of a new conversation is kept as it comes.";
    RefusedTakesPlace "5.1.18" "What was refused takes a position.";
    BeginsRefused "5.1.18" "A conversation that was refused begins.";
    SeqBehind "5.3.2" "An outcome names the event before the newest.";
    SeqAhead "5.3.2" "An outcome names an event that is not there yet.";
    EditsToNothing "5.7.7" "An edit takes any text.";
    EditsKeepMentions "5.7.7" "What an edit leaves out is still mentioned.";
    EditsMentionAnybody "5.7.7" "An edit mentions people who take no part.";
    EditsDropFiles "5.7.8" "With an edit the attachments are gone.";
    HalfAProfile "7.4.13" "What is good of a refused change of the profile is kept.";
    ZeroIsNewest "7.5.10" "Before the beginning is the newest page.";
    ZeroIsAll "7.5.10" "A page of no messages has as many as fit.";
    BeyondIsNothing "7.5.10" "Before a place beyond the end there is nothing.";
    AroundElsewhere "7.5.11" "A message of another conversation is jumped to.";
    AnyUserId "4.8.1" "Any id may be chosen.";
    IdsInCapitals "4.8.1" "An id in capitals is another id.";
    MixedScripts "4.8.1" "An id mixes letters of several scripts.";
    LookAlikes "4.8.2" "Somebody registers an id that looks like another.";
    NamesAsTheyCome "4.8.3" "A name has as many forms as there are.";
    MisleadingNames "4.8.3" "A name has characters that are not seen.";
    TitlesAsTheyCome "4.8.4" "A title has as many forms as there are.";
    MisleadingTitles "4.8.4" "A title has characters that are not seen.";
    AnyName "9.0.4" "Names have no bounds.";
}

#[cfg(feature = "defects")]
mod switch;

#[cfg(feature = "defects")]
pub(crate) use switch::{Planted, active};

#[cfg(not(feature = "defects"))]
mod switch {
    /// Nothing can be planted.
    #[derive(Default)]
    pub(crate) struct Planted(());

    impl Planted {
        pub(crate) const fn acting(&self) -> Self {
            Self(())
        }
    }
}

#[cfg(not(feature = "defects"))]
pub(crate) use switch::Planted;

#[cfg(not(feature = "defects"))]
pub(crate) const fn active(_: Defect) -> bool {
    false
}

/// The same key; with this defect another one.
pub(crate) fn key_unless(key: OperationKey, defect: Defect) -> OperationKey {
    let mut bytes = key.to_bytes();
    if active(defect) {
        bytes.reverse();
    }
    OperationKey::from_bytes(bytes)
}
